using System.Text;
using Quant.Net.Gguf;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Inspect;

/// <summary>Metadata as people read them: one line each.</summary>
internal static class MetadataText
{
    // About what fits beside a key on two lines of a narrow terminal.
    private const int LongestText = 72;

    /// <summary>The type, with the length of an array: <c>string[512]</c>.</summary>
    public static string TypeOf(MetadataFacts entry) =>
        entry.ElementType is null ? entry.Type : $"{entry.ElementType}[{Quantity.Count(entry.Count ?? 0)}]";

    /// <summary>The value; long ones are cut unless <paramref name="all"/> is set.</summary>
    public static string Format(MetadataFacts entry, bool all) =>
        Format(entry.Value.Value, all ? int.MaxValue : LongestText);

    private static string Format(GgufValue value, int limit) => value.Type switch
    {
        GgufValueType.String => SafeText.Shorten(value.GetString(), limit),
        GgufValueType.Array => FormatArray(value, limit),
        _ => value.ToString(),
    };

    private static string FormatArray(GgufValue array, int limit)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < array.Count; i++)
        {
            string item = (i == 0 ? "" : ", ") + FormatItem(array[i], limit);
            if (i > 0 && text.Length + item.Length > limit)
            {
                return text.Append($", …] ({Quantity.Count(array.Count)} elements)").ToString();
            }

            text.Append(item);
        }

        return text.Append(']').ToString();
    }

    private static string FormatItem(GgufValue item, int limit) =>
        item.Type == GgufValueType.String ? $"\"{Format(item, limit)}\"" : Format(item, limit);
}
