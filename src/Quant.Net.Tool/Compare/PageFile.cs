using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Compare;

/// <summary>Writes a page, whole or not at all.</summary>
internal static class PageFile
{
    /// <summary>Writes it, or fails with one line that says why it cannot be written.</summary>
    public static void Write(string path, string page, bool overwrite) => Try(path, (unfinished, full) =>
    {
        // In pieces: to make room for the whole first fails in other words where there is too little.
        using (var writer = new StreamWriter(unfinished))
        {
            writer.Write(page);
        }

        File.Move(unfinished, full, overwrite);
    });

    /// <summary>Fails like that before the long work whose result the page will show.</summary>
    public static void RequireWritable(string path)
    {
        if (File.Exists(path) && IsModel(path))
        {
            throw new ToolException($"{SafeText.Escape(path)}: is a GGUF file, which is not replaced");
        }

        Try(path, (unfinished, _) => File.WriteAllText(unfinished, ""));
    }

    /// <summary>Whether it is GGUF by its content, which its name need not tell: perhaps the model that is read.</summary>
    private static bool IsModel(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        try
        {
            using FileStream file = File.OpenRead(path);
            return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;   // replacing it needs no permission to read it
        }
    }

    private static void Try(string path, Action<string, string> write)
    {
        string full = Path.GetFullPath(path);
        string unfinished = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        try
        {
            write(unfinished, full);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The message would name the unfinished file, of which nobody has heard.
            string why = refused is UnauthorizedAccessException ? "permission denied"
                : refused is DirectoryNotFoundException ? "its folder is not there"
                : refused is FileNotFoundException ? "no file can be made in its folder"
                : refused is PathTooLongException ? "the name is too long"
                : refused.Message.Replace($" : '{unfinished}'", "", StringComparison.Ordinal);
            throw new ToolException($"{SafeText.Escape(path)}: cannot be written: {why}");
        }
        finally
        {
            if (File.Exists(unfinished))
            {
                File.Delete(unfinished);
            }
        }
    }
}
