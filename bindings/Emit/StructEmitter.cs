using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>Writes the structs, with the names they have in C.</summary>
internal static class StructEmitter
{
    public static string Emit(Header header, Settings settings, Names names)
    {
        CodeWriter code = new(settings, "Quant.Net.Native", "System.Runtime.CompilerServices", "System.Runtime.InteropServices");
        DocWriter docs = new(names);
        foreach (CStruct s in header.Structs)
        {
            docs.Write(code, s.Doc);
            code.Line("[StructLayout(LayoutKind.Sequential)]");
            code.Open($"internal unsafe struct {s.Name}");
            for (int i = 0; i < s.Fields.Count; i++)
            {
                if (i > 0)
                {
                    code.Line();
                }

                CField field = s.Fields[i];
                docs.Write(code, field.Doc);
                code.Line($"public {FieldType(field, names)} {names.Parameter(field.Name)};");
            }

            code.Close();
            code.Line();
        }

        EmitArrays(code, header, names);
        return code.ToString().TrimEnd('\n') + '\n';
    }

    private static void EmitArrays(CodeWriter code, Header header, Names names)
    {
        IEnumerable<CType> arrays = header.Structs.SelectMany(s => s.Fields).Select(f => f.Type).Where(t => t.ArrayLength > 0);
        foreach (CType type in arrays.Distinct())
        {
            code.Line($"/// <summary>An array of {type.ArrayLength} that stands inside a struct.</summary>");
            code.Line($"[InlineArray({type.ArrayLength})]");
            code.Open($"internal struct {ArrayName(type, names)}");
            code.Line($"private {names.Type(type)} _first;");
            code.Close();
            code.Line();
        }
    }

    public static string FieldType(CField field, Names names) =>
        field.Type.ArrayLength > 0 ? ArrayName(field.Type, names) : names.Type(field.Type);

    private static string ArrayName(CType type, Names names)
    {
        string element = names.Type(type);
        return $"{char.ToUpperInvariant(element[0])}{element[1..]}Array{type.ArrayLength}";
    }
}
