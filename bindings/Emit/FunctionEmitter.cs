using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>Writes the functions and constants, with the names they have in C.</summary>
internal static class FunctionEmitter
{
    public static string Emit(Header header, Settings settings, Names names)
    {
        CodeWriter code = new(settings, "Quant.Net.Native", "System.Runtime.InteropServices");
        DocWriter docs = new(names);
        code.Line($"/// <summary>The functions and constants of {Path.GetFileName(settings.Header)}, under their own names.</summary>");
        code.Open("internal static unsafe partial class NativeMethods");
        code.Line("/// <summary>The name under which the runtime asks for the library.</summary>");
        code.Line($"public const string LibraryName = \"{settings.Library}\";");
        foreach (CConstant constant in header.Constants)
        {
            code.Line();
            docs.Write(code, constant.Doc);
            code.Line($"public const int {constant.Name} = {constant.Value};");
        }

        RefuseUnknown(settings.Trivial, header);
        foreach (CFunction function in header.Functions)
        {
            code.Line();
            docs.Write(code, function.Doc);
            code.Line("[LibraryImport(LibraryName)]");
            if (settings.Trivial.Contains(function.Name))
            {
                code.Line("[SuppressGCTransition]");
            }

            Signature(code, function, names);
        }

        code.Close();
        return code.ToString();
    }

    private static void Signature(CodeWriter code, CFunction function, Names names)
    {
        string head = $"public static partial {names.Type(function.Result, function.Name)} {function.Name}(";
        List<string> parameters =
        [
            .. function.Parameters.Select(p => $"{ParameterType(function, p.Type, names)} {names.Parameter(p.Name)}"),
        ];
        string line = head + string.Join(", ", parameters) + ");";
        if (line.Length <= code.Width)
        {
            code.Line(line);
            return;
        }

        code.Line(head);
        line = "   ";
        for (int i = 0; i < parameters.Count; i++)
        {
            string parameter = parameters[i] + (i < parameters.Count - 1 ? "," : ");");
            if (line.Length + 1 + parameter.Length > code.Width)
            {
                code.Line(line);
                line = "   ";
            }

            line += " " + parameter;
        }

        code.Line(line);
    }

    // Handles are passed as SafeHandles, so that none can be closed during a call. Only the function that closes them, which the
    // SafeHandle itself calls, takes the bare pointer.
    private static string ParameterType(CFunction function, CType type, Names names)
    {
        if (!names.IsOpaque(type))
        {
            return names.Type(type, function.Name);
        }

        if (function.Name == HandleEmitter.CloseFunction(type.Name))
        {
            return "nint";
        }

        return type.Pointers switch
        {
            1 => names.Handle(type.Name),
            2 => $"out {names.Handle(type.Name)}",
            _ => throw new GeneratorException($"{function.Name}: {type.Name} behind {type.Pointers} pointers, expected 1 or 2"),
        };
    }

    private static void RefuseUnknown(HashSet<string> trivial, Header header)
    {
        string[] unknown = [.. trivial.Except(header.Functions.Select(f => f.Name))];
        if (unknown.Length > 0)
        {
            throw new GeneratorException($"settings.json calls {string.Join(", ", unknown)} trivial, but the header has no such function");
        }
    }
}
