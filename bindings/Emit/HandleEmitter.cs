using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>Writes the SafeHandle of an opaque struct.</summary>
internal static class HandleEmitter
{
    public static string CloseFunction(string opaque) => opaque + "_close";

    public static string Emit(COpaque opaque, Header header, Settings settings, Names names)
    {
        string close = CloseFunction(opaque.Name);
        if (!header.Functions.Any(f => f.Name == close))
        {
            throw new GeneratorException($"{opaque.Name} is opaque but there is no {close}, expected one for its SafeHandle");
        }

        CodeWriter code = new(settings, "Quant.Net.Native", "System.Runtime.InteropServices");
        new DocWriter(names).Write(code, opaque.Doc);
        code.Open($"internal sealed class {names.Handle(opaque.Name)} : SafeHandle");
        code.Line("/// <summary>A handle that holds nothing yet.</summary>");
        code.Line($"public {names.Handle(opaque.Name)}()");
        code.Open("    : base(0, ownsHandle: true)");
        code.Close();
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line("public override bool IsInvalid => handle == 0;");
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Open("protected override bool ReleaseHandle()");
        code.Line($"NativeMethods.{close}(handle);");
        code.Line("return true;");
        code.Close();
        code.Close();
        return code.ToString();
    }
}
