using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>The tensors of a packed module and what they are called: all that differs between how GPTQ and others name them.</summary>
internal sealed record ModuleNames(string Codes, string Scales, string Zeros, string Index, string Shape)
{
    /// <summary>Scales of blocks of 128 x 128, as DeepSeek-V3 has them.</summary>
    public const string BlockScales = ".weight_scale_inv";

    private static readonly ModuleNames[] Known =
    [
        new(".qweight", ".scales", ".qzeros", ".g_idx", ""),
        new(".weight_packed", ".weight_scale", ".weight_zero_point", ".weight_g_idx", ".weight_shape"),
        new(".weight", ".weight_scale", ".weight_zero_point", "", ""),
        new(".weight", BlockScales, "", "", ""),
    ];

    /// <summary>The names that the tensors of a module have.</summary>
    /// <exception cref="ArgumentException">There is no such module, or it is not packed in a way that can be cut.</exception>
    public static ModuleNames Of(SafetensorsModel model, string module)
    {
        ModuleNames? names = Known.FirstOrDefault(names =>
            model.Tensors.Contains(module + names.Codes) && model.Tensors.Contains(module + names.Scales));
        return names ?? throw new ArgumentException(
            $"{ErrorText.EscapePath(model.Path)}: has no packed module {ErrorText.Quote(module)}, such as GPTQ, AWQ and compressed-tensors write");
    }

    /// <summary>The packed modules of a model.</summary>
    public static IEnumerable<string> ModulesOf(SafetensorsModel model) =>
        from tensor in model.Tensors
        from names in Known
        where tensor.Name.EndsWith(names.Codes, StringComparison.Ordinal)
        let module = tensor.Name[..^names.Codes.Length]
        where model.Tensors.Contains(module + names.Scales)
        select module;
}
