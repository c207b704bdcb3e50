namespace Quant.Net.Tool.CommandLine;

/// <summary>A file that a command reads.</summary>
internal static class InputFile
{
    /// <summary>The path, if something that may be a file is there.</summary>
    /// <param name="path">The path.</param>
    /// <param name="orFolder">Whether it may be a folder.</param>
    /// <exception cref="ToolException">There is nothing, a directory, or a folder that may not be looked into.</exception>
    public static string Require(string path, bool orFolder = false)
    {
        if (!orFolder && Directory.Exists(path))
        {
            throw new ToolException($"{path}: is a directory, expected a file");
        }

        try
        {
            _ = File.GetAttributes(path);
            return path;
        }
        catch (UnauthorizedAccessException)
        {
            throw new ToolException($"{path}: permission denied");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException($"{path}: no such file");
        }
        catch (PathTooLongException)
        {
            throw new ToolException($"{path}: the name is too long");
        }
    }
}
