using System.Globalization;

namespace Quant.Net.Tool.Output;

/// <summary>Tells streams that the process was started with from files that it has opened itself.</summary>
internal static class Inheritance
{
    // Of <fcntl.h>, for Linux on x86-64 and arm64; /proc writes flags in octal.
    private const long CloseOnExec = 0x80000;
    private const int Octal = 8;

    /// <summary>
    /// Whether a descriptor came with the process. One that was closed is free for the next file, and the runtime opens many, before and
    /// after this: what is written to it then would end up in a pipe or a file of somebody else. Files that the runtime opens are not
    /// handed on to other programs; what was handed on to this one cannot be marked so.
    /// </summary>
    public static bool IsInherited(int descriptor)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            const string Label = "flags:";
            string line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{descriptor}"))
                .First(line => line.StartsWith(Label, StringComparison.Ordinal));
            return (Convert.ToInt64(line[Label.Length..].Trim(), Octal) & CloseOnExec) == 0;
        }
        catch (FileNotFoundException)
        {
            return false;   // closed, and still free
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException or FormatException or InvalidOperationException)
        {
            return true;   // there is no /proc, or another than expected
        }
    }
}
