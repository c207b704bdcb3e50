using System.Text;
using System.Text.Json;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>
/// The SHA-256 of tensors, to compare a model with: what <c>quantnet verify --hash --json</c> wrote, or lines as of <c>sha256sum</c>,
/// <c>HASH  NAME</c>.
/// </summary>
public sealed class TensorManifest
{
    private const int Longest = 256 << 20, MostFaults = 1000, HashLength = 64;
    private const string TitleHash = "sha256";

    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);

    private TensorManifest(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The hashes in lower case, by the names of tensors.</summary>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <summary>Reads a manifest.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFormatException">It is none; the message says where and what was expected.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TensorManifest Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes = SettingsFile.ReadBytes(path, Longest);
        var manifest = new TensorManifest(path);
        ReadOnlySpan<byte> text = bytes.AsSpan().TrimStart(" \t\r\n"u8);
        if (text.Length > 0 && text[0] == (byte)'{')
        {
            manifest.ReadJson(bytes);
        }
        else
        {
            manifest.ReadLines(bytes);
        }

        return manifest._hashes.Count > 0
            ? manifest
            : throw ModelFormatException.In(path, $"has no hashes, expected what 'verify --hash --json' writes, or lines HASH  NAME");
    }

    /// <summary>How tensors differ from a manifest, a line each; nothing if there is none.</summary>
    internal static IEnumerable<string> Compare(TensorManifest? manifest, IReadOnlyList<TensorCheck> checks)
    {
        if (manifest is null)
        {
            return [];
        }

        List<string> faults = [];
        HashSet<string> found = new(StringComparer.Ordinal);
        foreach (TensorCheck check in checks)
        {
            found.Add(check.Name);
            if (!manifest._hashes.TryGetValue(check.Name, out string? expected))
            {
                faults.Add(manifest.Line(check.Name, "is in the model and not in the manifest"));
            }
            else if (expected != check.Sha256)
            {
                faults.Add(manifest.Line(check.Name, $"has the SHA-256 {check.Sha256}, expected {expected}"));
            }
        }

        faults.AddRange(manifest._hashes.Keys.Where(name => !found.Contains(name)).Select(name => manifest.Line(name, "is in the manifest and not in the model")));
        return faults.Count <= MostFaults
            ? faults
            : [.. faults.Take(MostFaults), ErrorText.Invariant($"{ErrorText.EscapePath(manifest.Path)}: and {faults.Count - MostFaults} more differences like these")];
    }

    private string Line(string tensor, string what) => $"{ErrorText.EscapePath(Path)}: tensor {ErrorText.Quote(tensor)} {what}";

    private void ReadJson(byte[] bytes)
    {
        new JsonCursor(bytes, Path, "the file").ReadAll();
        using var document = JsonDocument.Parse(bytes);
        if (!document.RootElement.TryGetProperty("hashes", out JsonElement hashes) || hashes.ValueKind != JsonValueKind.Array)
        {
            throw ModelFormatException.In(Path, $"has no list 'hashes', expected what 'verify --hash --json' writes");
        }

        int place = 0;
        foreach (JsonElement hash in hashes.EnumerateArray())
        {
            Add($"hashes[{place++}]", TextOf(hash, "sha256"), TextOf(hash, "tensor"));
        }
    }

    private static string TextOf(JsonElement value, string key) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()! : "";

    // "HASH  NAME"; before the name one of the spaces may be a star. A line with names that need it begins with a backslash.
    private void ReadLines(byte[] bytes)
    {
        int number = 0;
        foreach (string whole in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            number++;
            string line = whole.TrimEnd('\r');
            if (line.Length == 0)
            {
                continue;
            }

            bool isEscaped = line[0] == '\\';
            string rest = isEscaped ? line[1..] : line;
            int end = rest.IndexOf(' ', StringComparison.Ordinal);
            string hash = end < 0 ? rest : rest[..end], name = end < 0 ? "" : rest[end..].TrimStart(' ');
            name = name.StartsWith('*') ? name[1..] : name;
            if (number > 1 || hash != TitleHash)   // what 'verify --hash -q' prints has a title
            {
                Add($"line {number}", hash, isEscaped ? Unescape(name) : name);
            }
        }
    }

    private static string Unescape(string name) => name
        .Replace("\\\\", "\0", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal)
        .Replace("\\r", "\r", StringComparison.Ordinal).Replace('\0', '\\');

    private void Add(string place, string hash, string name)
    {
        if (hash.Length != HashLength || !hash.All(char.IsAsciiHexDigit) || name.Length == 0)
        {
            string found = ErrorText.Quote(name.Length == 0 ? hash : $"{hash} {name}");
            throw ModelFormatException.In(Path, $"{place} is {found}, expected a SHA-256 of {HashLength} digits and the name of a tensor");
        }

        if (!_hashes.TryAdd(name, hash.ToLowerInvariant()))
        {
            throw ModelFormatException.In(Path, $"{place} has the tensor {ErrorText.Quote(name)}, which is there already");
        }
    }
}
