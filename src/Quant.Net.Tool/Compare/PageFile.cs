using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Compare;

/// <summary>Writes a page, whole or not at all.</summary>
internal static class PageFile
{
    /// <summary>Writes it, or fails with one line that says why it cannot be written.</summary>
    public static void Write(string path, string page, bool overwrite)
    {
        string full = Path.GetFullPath(path);
        string unfinished = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        try
        {
            File.WriteAllText(unfinished, page);
            File.Move(unfinished, full, overwrite);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The message would name the unfinished file, of which nobody has heard.
            string why = refused is UnauthorizedAccessException ? "permission denied"
                : refused is DirectoryNotFoundException ? "its folder is not there" : refused.Message.Replace(unfinished, full, StringComparison.Ordinal);
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
