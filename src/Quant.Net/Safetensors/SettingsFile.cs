using System.Text.Json;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>Reads the small JSON files that stand beside a model's tensors.</summary>
internal static class SettingsFile
{
    /// <summary>The largest one known, with a list of all modules that are not quantized, has 100 KB.</summary>
    private const int Longest = 4 << 20;

    /// <summary>The settings of a file; null if there is none.</summary>
    /// <exception cref="ModelFormatException">It is no JSON object, or too long.</exception>
    public static Settings? TryRead(string path)
    {
        if (!Path.Exists(path))
        {
            return null;
        }

        byte[] text = ReadBytes(path, Longest);
        new JsonCursor(text, path, "the file").ReadAll();
        using var document = JsonDocument.Parse(text);
        return Settings.Of(path, "", document.RootElement.Clone());
    }

    /// <summary>All bytes of a file that has no reason to be large.</summary>
    /// <exception cref="ModelFormatException">It is larger than <paramref name="most"/>.</exception>
    public static byte[] ReadBytes(string path, int most)
    {
        using MappedFile file = MappedFile.Open(path, typeof(SafetensorsModel));
        if (file.Length > most)
        {
            throw ModelFormatException.In(path, $"has {file.Length} bytes, expected at most {most}");
        }

        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        return bytes;
    }
}
