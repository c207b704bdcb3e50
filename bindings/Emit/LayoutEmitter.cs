using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>Writes the table that tests compare: where C puts each field, and where C# does.</summary>
internal static class LayoutEmitter
{
    public static string Emit(Header header, Settings settings, Names names)
    {
        CodeWriter code = new(settings, "Quant.Net.Native");
        code.Line("/// <summary>Where a struct or a field of one lies: in C as libclang sees it, and in C#.</summary>");
        code.Line("internal readonly record struct LayoutEntry(string Name, long Offset, long ActualOffset, long Size, long ActualSize);");
        code.Line();
        code.Line("/// <summary>The layout of every struct that crosses the border. Only tests read it.</summary>");
        code.Open("internal static unsafe class NativeLayout");
        code.Line("/// <summary>Structs (at offset 0) and their fields.</summary>");
        code.Open("public static IReadOnlyList<LayoutEntry> All()");
        foreach (CStruct s in header.Structs)
        {
            code.Line($"{s.Name} {s.Name} = default;");
        }

        code.Line("return");
        code.Line("[");
        foreach (CStruct s in header.Structs)
        {
            code.Line($"    new(\"{s.Name}\", 0, 0, {s.Size}, sizeof({s.Name})),");
            foreach (CField field in s.Fields)
            {
                string place = $"{s.Name}.{names.Parameter(field.Name)}";
                code.Line(
                    $"    new(\"{s.Name}.{field.Name}\", {field.Offset}, (byte*)&{place} - (byte*)&{s.Name}, "
                    + $"{field.Size}, sizeof({StructEmitter.FieldType(field, names)})),");
            }
        }

        code.Line("];");
        code.Close();
        code.Close();
        return code.ToString();
    }
}
