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
        IEnumerable<CField> arrays = header.Structs.SelectMany(s => s.Fields).Where(field => field.Type.ArrayLength > 0);
        foreach (CField field in arrays.DistinctBy(field => field.Type))
        {
            code.Line($"/// <summary>An array of {field.Type.ArrayLength} that stands inside a struct.</summary>");
            code.Line($"[InlineArray({field.Type.ArrayLength})]");
            code.Open($"internal struct {FieldType(field, names)}");
            code.Line($"private {names.Type(field.Type, field.Name)} _first;");
            code.Close();
            code.Line();
        }
    }

    public static string FieldType(CField field, Names names)
    {
        string element = names.Type(field.Type, field.Name);
        return field.Type.ArrayLength > 0
            ? $"{char.ToUpperInvariant(element[0])}{element[1..]}Array{field.Type.ArrayLength}"
            : element;
    }
}
