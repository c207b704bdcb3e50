using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>The files beside a model's weights that programs load with it: settings, tokenizers, templates, code.</summary>
internal static class BesideWeights
{
    private const int Largest = 64 << 20;

    // Weights of this and of other kinds.
    private static readonly HashSet<string> WeightExtensions = new(
        [SafetensorsHeader.Extension, ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack", ".onnx"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Their names, sorted; those too large to be meant are told.</summary>
    public static IReadOnlyList<string> Names(string folder, Action<FormattableString> warn)
    {
        List<string> names = [];
        IEnumerable<FileInfo> files = SystemError.Name(folder, () => new DirectoryInfo(folder).GetFiles());
        foreach (FileInfo file in files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            bool isWeights = WeightExtensions.Contains(file.Extension) || file.Name.EndsWith(SafetensorsHeader.IndexSuffix, StringComparison.Ordinal);
            if (isWeights || file.Name.StartsWith('.') || !IsPlain(file))
            {
                continue;
            }

            long length = (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length;
            if (length <= Largest)
            {
                names.Add(file.Name);
            }
            else
            {
                warn($"{new Quoted(file.Name)} has {length} bytes and is not copied, expected at most {Largest} beside weights");
            }
        }

        return names;
    }

    /// <summary>The bytes of one.</summary>
    public static byte[] Read(string path) => SettingsFile.ReadBytes(path, Largest);

    // Caches of downloads have links to their files. A link to nothing, or to a folder, is nothing.
    private static bool IsPlain(FileInfo file) =>
        File.Exists(file.FullName) && !FileIdentity.IsSpecialFile(file.FullName);
}
