using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.CommandLine;

/// <summary>A file that a command reads.</summary>
internal static class InputFile
{
    // No text or list that is given to a command has a reason to be larger.
    private const int MostBytes = 64 << 20;

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

    /// <summary>All bytes of a file, or of a pipe, as shells make one of a command's output.</summary>
    /// <exception cref="ToolException">It is not there, may not be read, or is larger than anything that is read whole.</exception>
    public static Task<byte[]> ReadAsync(string path, CancellationToken cancellation)
    {
        Require(path);

        // A pipe blocks until somebody writes to it, and nothing ends that but the process.
        return Task.Run(() => ReadWhole(path), CancellationToken.None).WaitAsync(cancellation);
    }

    private static byte[] ReadWhole(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new MemoryStream();
            byte[] buffer = new byte[1 << 16];
            while (file.Read(buffer) is > 0 and int read)
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > MostBytes)
                {
                    throw new ToolException($"{path}: has more than {Quantity.Bytes(MostBytes)}, expected at most so much");
                }
            }

            return bytes.ToArray();
        }
        catch (UnauthorizedAccessException)
        {
            throw new ToolException($"{path}: permission denied");
        }
    }
}
