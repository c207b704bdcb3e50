using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>Packed weights that are known by name and are not read: taken for plain tensors, they would be copied as if they were decoded.</summary>
internal static class ForeignLayouts
{
    // A tensor, and those beside it, that no other layout has.
    private static readonly (string Part, string[] Beside, string Name)[] Marks =
    [
        (".B", [".s"], "packed for Marlin kernels"),
        (".weight_packed", [".scale_packed", ".meta"], "packed for Marlin kernels of sparse weights (marlin-24)"),
        (".W_q", [".scale", ".zero"], "packed by HQQ"),
        (".codebooks", [".codes"], "packed by AQLM"),
    ];

    /// <summary>Throws if a tensor belongs to such a module.</summary>
    /// <exception cref="NotSupportedException">It does.</exception>
    public static void Refuse(SafetensorsModel model, PackedModuleOptions options, SafetensorsTensor tensor)
    {
        foreach ((string part, string[] beside, string name) in Marks.Where(mark => tensor.Name.EndsWith(mark.Part, StringComparison.Ordinal)))
        {
            var parts = new ModuleParts(model, options, tensor, tensor.Name[..^part.Length]);
            if (beside.All(parts.Has))
            {
                throw parts.Foreign($"is {name}, expected one of the layouts that are read");
            }
        }
    }

    /// <summary>What to say of a model without modules whose settings name a method that is not known; null if they do not.</summary>
    public static string? UnknownMethod(SafetensorsModel model) => model.Quantization is { Method: { } method } config && !QuantizationMethods.Known.Contains(method)
        ? $"{ErrorText.EscapePath(model.Path)}: {config.Source} says {ErrorText.Quote(method)}, and nothing is packed in a way that is known; expected one of {string.Join(", ", QuantizationMethods.Known)}"
        : null;
}
