using System.Globalization;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>What the metadata of one part say about the split model it belongs to.</summary>
/// <param name="Index">Which part it is, counted from 0.</param>
/// <param name="PartCount">The number of parts.</param>
/// <param name="TensorCount">The number of tensors in all parts, if it is said.</param>
internal sealed record GgufSplit(int Index, int PartCount, int? TensorCount)
{
    private const string Extension = ".gguf";
    private const string Of = "-of-";
    private const int Digits = 5;

    /// <summary>Reads the keys of a part; null if it is a model by itself (which merged files say with a count of 0).</summary>
    public static GgufSplit? Read(string path, GgufMetadata metadata)
    {
        int? count = ReadNumber(path, metadata, GgufLayout.SplitCountKey, GgufValueType.UInt16);
        int? index = ReadNumber(path, metadata, GgufLayout.SplitNumberKey, GgufValueType.UInt16);
        int? tensors = ReadNumber(path, metadata, GgufLayout.SplitTensorCountKey, GgufValueType.Int32);
        if (count is null or 0 or 1)
        {
            return null;
        }

        if (index is null)
        {
            throw ModelFormatException.In(path,
                $"metadata '{GgufLayout.SplitCountKey}' is {count}, but there is no '{GgufLayout.SplitNumberKey}'");
        }

        if (index >= count)
        {
            throw ModelFormatException.In(path, $"metadata '{GgufLayout.SplitNumberKey}' is {index}, expected 0 to {count - 1}");
        }

        return tensors is null or >= 0
            ? new GgufSplit(index.Value, count.Value, tensors)
            : throw ModelFormatException.In(path, $"metadata '{GgufLayout.SplitTensorCountKey}' is {tensors}, expected 0 or more");
    }

    /// <summary>The paths of all parts, from the path of this one. Only its last part is looked at, and only the number changes.</summary>
    public IEnumerable<string> PathsOfParts(string path)
    {
        string suffix = Suffix(Index, PartCount);
        if (!path.EndsWith(suffix, StringComparison.Ordinal))
        {
            throw ModelFormatException.In(path,
                $"is part {Index + 1} of {PartCount}, and so its name must end in {suffix} for the others to be found");
        }

        return PathsOfParts(path[..^suffix.Length], PartCount);
    }

    /// <summary>The paths of all parts of a model, from what they have in common.</summary>
    public static IEnumerable<string> PathsOfParts(string prefix, int count) =>
        Enumerable.Range(0, count).Select(i => prefix + Suffix(i, count));

    /// <summary>Throws unless another part says the same of the model.</summary>
    public void RequireSameModel(string path, GgufSplit? other, int index)
    {
        if (other is null)
        {
            throw ModelFormatException.In(path, $"is no part of a split model, expected part {index + 1} of {PartCount}");
        }

        if (other.Index != index)
        {
            throw ModelFormatException.In(path, $"metadata '{GgufLayout.SplitNumberKey}' is {other.Index}, expected {index} by its name");
        }

        if (other.PartCount != PartCount)
        {
            throw ModelFormatException.In(path,
                $"metadata '{GgufLayout.SplitCountKey}' is {other.PartCount}, but another part says {PartCount}");
        }

        if (other.TensorCount != TensorCount)
        {
            string found = Shown(other.TensorCount);
            throw ModelFormatException.In(path,
                $"metadata '{GgufLayout.SplitTensorCountKey}' is {found}, but another part says {Shown(TensorCount)}");
        }
    }

    /// <summary>Whether a name looks like that of a part of a split model.</summary>
    public static bool LooksLikePart(string path)
    {
        ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
        if (!name.EndsWith(Extension, StringComparison.Ordinal) || name.Length < (2 * Digits) + Of.Length + 1 + Extension.Length)
        {
            return false;
        }

        name = name[..^Extension.Length];
        return name[^Digits..].ContainsAnyExceptInRange('0', '9') is false
            && name[..^Digits].EndsWith(Of, StringComparison.Ordinal)
            && name[^((2 * Digits) + Of.Length)..^(Digits + Of.Length)].ContainsAnyExceptInRange('0', '9') is false;
    }

    /// <summary>A file's name without its extension and without the number of the part.</summary>
    public static string Stem(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return LooksLikePart(path) ? name[..^("-".Length + (2 * Digits) + Of.Length)] : name;
    }

    private static string Suffix(int index, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"-{index + 1:D5}{Of}{count:D5}{Extension}");

    private static string Shown(int? count) => count is null ? "missing" : ErrorText.Invariant($"{count}");

    private static int? ReadNumber(string path, GgufMetadata metadata, string key, GgufValueType type)
    {
        if (!metadata.TryGetValue(key, out GgufValue? value))
        {
            return null;
        }

        return value.Type == type
            ? value.Get<int>()
            : throw ModelFormatException.In(path, $"metadata '{key}' is {GgufLayout.Name(value.Type)}, expected {GgufLayout.Name(type)}");
    }
}
