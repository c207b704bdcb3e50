using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>The files of parts.</summary>
internal static class PartPaths
{
    /// <summary>The path itself for one part; for several <c>NAME-1-of-4.safetensors</c> and so on. (Shards of a model have five digits.)</summary>
    public static string[] Of(string path, int count)
    {
        string extension = Path.GetExtension(path), stem = path[..^extension.Length];
        return count == 1 ? [path]
            : [.. Enumerable.Range(1, count).Select(part => ErrorText.Invariant($"{stem}-{part}-of-{count}{extension}"))];
    }
}
