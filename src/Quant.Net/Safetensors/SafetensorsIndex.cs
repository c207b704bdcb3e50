using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>The index of a model in several files: which tensor is in which.</summary>
internal sealed class SafetensorsIndex
{
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    private SafetensorsIndex(string path) => Path = path;

    public string Path { get; }

    /// <summary>Bytes of all tensors, if it says so.</summary>
    public double? TotalSize { get; private set; }

    /// <summary>The names of files by the names of their tensors.</summary>
    public IReadOnlyDictionary<string, string> FileOf => _files;

    /// <summary>The names of all files, sorted: each is a plain name of a file beside the index.</summary>
    public IReadOnlyList<string> Files => [.. _files.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Reads an index.</summary>
    /// <exception cref="ModelFormatException">It is none.</exception>
    public static SafetensorsIndex Read(string path)
    {
        var index = new SafetensorsIndex(path);
        var json = new JsonCursor(SettingsFile.ReadBytes(path, SafetensorsHeader.LongestHeader), path, "index");
        bool hasMap = false;
        var names = new HashSet<string>(StringComparer.Ordinal);
        json.BeginObject("itself");
        while (json.NextName() is { } name)
        {
            if (!names.Add(name))
            {
                throw json.Fault($"has {ErrorText.Quote(name)} twice");
            }

            switch (name)
            {
                case SafetensorsHeader.WeightMapName:
                    index.ReadMap(ref json);
                    hasMap = true;
                    break;
                case SafetensorsHeader.IndexMetadataName:
                    index.ReadMetadata(ref json);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        json.ReadEnd();
        return hasMap && index._files.Count > 0 ? index : throw json.Fault($"has no {SafetensorsHeader.WeightMapName}, or an empty one");
    }

    private void ReadMetadata(ref JsonCursor json)
    {
        json.BeginObject(SafetensorsHeader.IndexMetadataName);
        while (json.NextName() is { } name)
        {
            if (name == SafetensorsHeader.TotalSizeName)
            {
                TotalSize = json.ReadReal();
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void ReadMap(ref JsonCursor json)
    {
        json.BeginObject(SafetensorsHeader.WeightMapName);
        while (json.NextName() is { } tensor)
        {
            json.Tensor = tensor;
            string file = json.ReadText("its file");
            if (!IsPlainName(file))
            {
                throw json.Fault($"its file is {ErrorText.Quote(file)}, expected the name of a {SafetensorsHeader.Extension} file beside the index");
            }

            if (!_files.TryAdd(tensor, file))
            {
                throw json.Fault($"is there twice");
            }

            json.Tensor = null;
        }
    }

    /// <summary>
    /// Whether a name is that of a file in the same folder and can lead nowhere else. The file itself may be a link: caches of
    /// downloads are made of links.
    /// </summary>
    private static bool IsPlainName(string name) =>
        name.EndsWith(SafetensorsHeader.Extension, StringComparison.Ordinal)
        && name.Length > SafetensorsHeader.Extension.Length
        && ErrorText.IsPlain(name)
        && name.AsSpan().IndexOfAny("/\\:") < 0;
}
