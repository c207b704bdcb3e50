namespace Quant.Net.IO;

/// <summary>What is looked at before a large output is begun.</summary>
internal static class OutputGuard
{
    /// <summary>Throws if an output is one of the inputs, by whatever name or link.</summary>
    public static void RefuseInputs(IEnumerable<string> outputs, IEnumerable<string> inputs)
    {
        var identities = inputs.Select(FileIdentity.Of).ToHashSet();
        string? clash = outputs.FirstOrDefault(output => FileIdentity.Of(output) is { } identity && identities.Contains(identity));
        if (clash is not null)
        {
            throw new IOException($"{ErrorText.EscapePath(clash)}: is the model itself; the output must be another file");
        }
    }

    /// <summary>Throws if the directory of an output does not exist.</summary>
    public static void RequireDirectory(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException(
                $"{ErrorText.EscapePath(path)}: there is no directory {ErrorText.Quote(directory)}");
        }
    }

    /// <summary>Throws if a volume has less room than an output needs.</summary>
    public static void RequireSpace(string path, long needed)
    {
        string full = Path.GetFullPath(path);
        if (full.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return;   // a network share of Windows does not say
        }

        RequireDirectory(full);
        long free = new DriveInfo(Path.GetDirectoryName(full)!).AvailableFreeSpace;
        if (needed > free)
        {
            throw new IOException(ErrorText.Invariant($"{ErrorText.EscapePath(path)}: needs {needed} bytes, but only {free} are free there"));
        }
    }
}
