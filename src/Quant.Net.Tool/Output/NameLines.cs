namespace Quant.Net.Tool.Output;

/// <summary>Names of tensors and files, broken into lines behind the characters that divide them.</summary>
internal static class NameLines
{
    /// <summary>The name with line breaks, so that no line is wider. One with other characters than those of ASCII is left to the terminal.</summary>
    public static string Break(string name, int width)
    {
        if (name.Length <= width || width < 1 || name.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0)
        {
            return name;
        }

        List<string> lines = [];
        int begin = 0;
        while (name.Length - begin > width)
        {
            int end = name.AsSpan(begin, width).LastIndexOfAny("._/ ");
            int taken = end > 0 ? end + 1 : width;
            lines.Add(name.Substring(begin, taken));
            begin += taken;
        }

        return string.Join('\n', lines.Append(name[begin..]));
    }
}
