using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Which tensors of a model are worked on, and what they become.</summary>
internal static class TensorChoice
{
    /// <summary>Those that match a pattern of the first list, or all if it is empty, without those that match one of the second.</summary>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    /// <exception cref="KeyNotFoundException">A pattern matches no tensor.</exception>
    public static List<GgufTensor> Choose(GgufFile model, IReadOnlyList<string> include, IReadOnlyList<string> exclude) =>
        Choose(model.ShownPath, model.Tensors, tensor => tensor.Name, include, exclude);

    /// <summary>The same, of tensors that are known by name.</summary>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    /// <exception cref="KeyNotFoundException">A pattern matches no tensor.</exception>
    public static List<T> Choose<T>(
        string shownModel, IReadOnlyList<T> tensors, Func<T, string> name, IReadOnlyList<string> include, IReadOnlyList<string> exclude)
    {
        List<NamePattern> wanted = include.Select(text => new NamePattern(text)).ToList();
        List<NamePattern> unwanted = exclude.Select(text => new NamePattern(text)).ToList();
        NamePattern? idle = wanted.Concat(unwanted)
            .FirstOrDefault(pattern => !tensors.Any(tensor => pattern.IsMatch(name(tensor))));
        if (idle is not null)
        {
            throw new KeyNotFoundException($"{shownModel}: no tensor matches {ErrorText.Quote(idle.ToString())}");
        }

        return tensors
            .Where(tensor => wanted.Count == 0 || wanted.Exists(pattern => pattern.IsMatch(name(tensor))))
            .Where(tensor => !unwanted.Exists(pattern => pattern.IsMatch(name(tensor))))
            .ToList();
    }

    /// <summary>Refuses tensors that cannot be decoded because nobody knows their type.</summary>
    /// <exception cref="NotSupportedException">There are some; they are named.</exception>
    public static void RefuseUnknown(GgufFile model, IEnumerable<GgufTensor> tensors)
    {
        List<string> unknown = tensors
            .Where(tensor => !tensor.IsFormatKnown)
            .Select(tensor => $"{tensor.Name} ({tensor.FormatName})").ToList();
        if (unknown.Count > 0)
        {
            throw new NotSupportedException(
                $"{model.ShownPath}: {ErrorText.Count(unknown.Count, "tensor")} of types that cannot be decoded: {ErrorText.QuoteAll(unknown)}");
        }
    }

    /// <summary>Refuses what a device has no kernel for.</summary>
    /// <exception cref="NotSupportedException">It has none for a tensor.</exception>
    public static void RefuseWhatTheDeviceCannotDo(QuantDevice device, IEnumerable<PlannedTensor> tensors)
    {
        PlannedTensor? refused = tensors.FirstOrDefault(tensor =>
            !tensor.IsCopy && !device.GetCapability(QuantOperation.Dequantize, tensor.Source.Format, tensor.Output).IsSupported);
        if (refused is not null)
        {
            throw new NotSupportedException($"{device.Name} cannot decode {refused.Source.FormatName} to {refused.Output}.");
        }
    }

    /// <summary>
    /// What a tensor becomes: integers stay, and so do scales that stand beside their weights, because whoever applies them wants them
    /// exact.
    /// </summary>
    public static QuantFormat OutputOf(GgufTensor tensor, bool isKeptScale, QuantFormat type) =>
        IsInteger(tensor) || (isKeptScale && IsOutputType(tensor.Format)) ? tensor.Format
        : isKeptScale ? QuantFormat.F32
        : type;

    /// <summary>Whether a tensor's values are integers.</summary>
    public static bool IsInteger(GgufTensor tensor) => tensor.FormatInfo is { IsInteger: true };

    /// <summary>Whether something can be decoded to a type.</summary>
    public static bool IsOutputType(QuantFormat format) => format is QuantFormat.F32 or QuantFormat.F16 or QuantFormat.BF16;
}
