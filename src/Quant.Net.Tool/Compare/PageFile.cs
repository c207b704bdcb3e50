namespace Quant.Net.Tool.Compare;

/// <summary>Writes a page, whole or not at all.</summary>
internal static class PageFile
{
    public static void Write(string path, string page, bool overwrite)
    {
        string full = Path.GetFullPath(path);
        string unfinished = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        try
        {
            File.WriteAllText(unfinished, page);
            File.Move(unfinished, full, overwrite);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
