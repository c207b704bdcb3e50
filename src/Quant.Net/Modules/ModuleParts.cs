using System.Diagnostics.CodeAnalysis;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>A module while it is looked at: its tensors by the ends of their names, and faults that name them.</summary>
internal sealed class ModuleParts(SafetensorsModel model, PackedModuleOptions options, string name)
{
    public PackedModuleOptions Options => options;

    public QuantizationConfig? Config => model.Quantization;

    public string Name => name;

    public bool Has(string part) => model.Tensors.Contains(name + part);

    public bool TryGet(string part, [NotNullWhen(true)] out SafetensorsTensor? tensor) => model.Tensors.TryGet(name + part, out tensor);

    public SafetensorsTensor? Find(string part, params SafetensorsType[] types) => Has(part) ? Get(part, types) : null;

    public SafetensorsTensor Get(string part, params SafetensorsType[] types)
    {
        if (!TryGet(part, out SafetensorsTensor? tensor))
        {
            throw Missing(part);
        }

        return types.Length == 0 || types.Contains(tensor.Type)
            ? tensor
            : throw Fault(tensor, $"is {tensor.Type}, expected {string.Join(" or ", types)}");
    }

    /// <summary>Requires a shape; -1 is any length.</summary>
    public void RequireShape(SafetensorsTensor tensor, params ReadOnlySpan<long> shape)
    {
        bool fits = tensor.Shape.Count == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++)
        {
            fits = shape[i] == -1 || tensor.Shape[i] == shape[i];
        }

        if (!fits)
        {
            string expected = string.Join(", ", shape.ToArray().Select(length => length == -1 ? "any" : ErrorText.Invariant($"{length}")));
            throw Fault(tensor, $"has the shape [{string.Join(", ", tensor.Shape)}], expected [{expected}]");
        }
    }

    public ModelFormatException Missing(string part) => ModelFormatException.In(
        model.Path, $"module {ErrorText.Quote(name)}: tensor {ErrorText.Quote(name + part)} is missing");

    public ModelFormatException Fault(SafetensorsTensor tensor, FormattableString what) =>
        ModelFormatException.In(tensor.File.Path, $"tensor {ErrorText.Quote(tensor.Name)} {ErrorText.Invariant(what)}");

    public NotSupportedException Unsupported(FormattableString what) =>
        new(ErrorText.Invariant($"{ErrorText.EscapePath(model.Path)}: module {ErrorText.Quote(name)}: {ErrorText.Invariant(what)}"));

    /// <summary>The size of groups of which there are so many. The settings tell where the last one is short.</summary>
    public long GroupSize(SafetensorsTensor scales, long columns, long groups)
    {
        if (groups == 1)
        {
            return 0;
        }

        if (Config?.GroupSize is { } size and > 0 && (columns - 1) / size + 1 == groups)
        {
            return size;
        }

        return groups > 0 && columns % groups == 0
            ? columns / groups
            : throw Fault(scales, $"has {groups} groups for {columns} inputs, expected groups of one size ({Config?.GroupSize?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"} in the settings)");
    }
}
