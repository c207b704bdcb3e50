using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>All files that a header gives, by name.</summary>
internal static class GeneratedFiles
{
    public static IReadOnlyDictionary<string, string> All(Header header, Settings settings)
    {
        Names names = new(settings, header);
        Dictionary<string, string> files = new()
        {
            ["NativeMethods.g.cs"] = FunctionEmitter.Emit(header, settings, names),
            ["NativeStructs.g.cs"] = StructEmitter.Emit(header, settings, names),
            ["NativeLayout.g.cs"] = LayoutEmitter.Emit(header, settings, names),
        };
        foreach (CEnum e in header.Enums)
        {
            files.Add($"{names.EnumSettings(e).Name}.g.cs", EnumEmitter.Emit(e, settings, names));
        }

        foreach (COpaque opaque in header.Opaques)
        {
            files.Add($"{names.Handle(opaque.Name)}.g.cs", HandleEmitter.Emit(opaque, header, settings, names));
        }

        return files;
    }
}
