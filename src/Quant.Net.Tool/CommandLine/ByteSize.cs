using System.CommandLine.Parsing;
using System.Globalization;

namespace Quant.Net.Tool.CommandLine;

/// <summary>Sizes as people type them: <c>5GB</c>, <c>500MiB</c>, <c>1000000</c>.</summary>
internal static class ByteSize
{
    // Longer names first, so that "GB" is not read as "B" with a "G" left over. A bare letter is decimal, as in llama.cpp's split tool.
    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("K", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000),
        ("B", 1),
        ("", 1),
    ];

    /// <summary>The size in bytes, if the text is one and is not zero.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        (string suffix, long factor) = Units.First(unit => text.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase));
        string number = text[..^suffix.Length].TrimEnd();
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            || value > long.MaxValue / factor)
        {
            return false;
        }

        bytes = (long)(value * factor);
        return bytes > 0;
    }

    /// <summary>Reads an option's value; null if it has none.</summary>
    public static long? Parse(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (TryParse(text, out long bytes))
        {
            return bytes;
        }

        result.AddError($"{((OptionResult)result.Parent!).Option.Name}: '{text}' is not a size, such as 5GB or 500MiB");
        return null;
    }
}
