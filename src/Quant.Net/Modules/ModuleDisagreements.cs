using Quant.Net.IO;
using Quant.Net.Native;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>What the settings of a model say of its modules, and is not so.</summary>
internal static class ModuleDisagreements
{
    /// <summary>Compares modules with what is said of them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="modules">All of its modules that can be read.</param>
    /// <returns>What cannot be, and what is odd; a line each.</returns>
    /// <exception cref="ModelFormatException">The settings' rules cannot be read.</exception>
    public static (IReadOnlyList<string> Faults, IReadOnlyList<string> Warnings) Find(SafetensorsModel model, IReadOnlyList<PackedModule> modules)
    {
        if (model.Quantization is not { } config || modules.Count == 0)
        {
            return ([], []);
        }

        ModuleFindings faults = new(), warnings = new();
        var kept = new KeptGroups(model);
        foreach (PackedModule module in modules)
        {
            if (config.Method is { } method && QuantizationMethods.Excludes(method, module.Layout))
            {
                warnings.Add(
                    module.Arrays.Codes.File.Path, module.Name,
                    $"is packed as {PackedMatrixLayouts.NameOf(module.Layout)}, and {config.Source} says {ErrorText.Quote(method)}");
            }

            Compare(module, config.For(module.Name), kept, faults, warnings);
        }

        WarnOfPlain(model, config, modules, warnings);
        return ([.. faults.Lines], [.. warnings.Lines]);
    }

    private static void Compare(
        PackedModule module, ModuleSettings said, KeptGroups kept, ModuleFindings faults, ModuleFindings warnings)
    {
        ModuleArrays arrays = module.Arrays;
        string path = arrays.Codes.File.Path;
        if (said.IsLeftAlone)
        {
            warnings.Add(path, module.Name, $"is packed, and {said.Source} leaves it alone");
            return;
        }

        if (said.Bits is { } bits && bits != module.Bits)
        {
            warnings.Add(path, module.Name, $"has {module.Bits} bits, and {said.Source} says {bits}");
        }

        if (said.GroupSize is { } size && Group(size, module) != Group(module.GroupSize, module) && !kept.Has(module, size))
        {
            warnings.Add(path, module.Name, $"has {GroupText(module.GroupSize)}, and {said.Source} says {GroupText(size)}");
        }

        bool hasGroups = Group(module.GroupSize, module) != 0;
        if (said.IsActOrder == false && module.IsActOrder)
        {
            warnings.Add(path, module.Name, $"has its inputs in groups of another order than their own (act-order), and {said.Source} says that it has not");
        }

        if (said.IsActOrder == true && hasGroups && arrays.GroupIndex is null && module.Layout is PackedMatrixLayout.Gptq or PackedMatrixLayout.PackQuantized)
        {
            if (arrays.Unused is null)
            {
                faults.Add(path, module.Name, $"has no list of the groups of its inputs (g_idx), and {said.Source} says act-order");
            }
            else
            {
                warnings.Add(path, module.Name, $"has a list of the groups of its inputs (g_idx) that was never set, and {said.Source} says act-order");
            }
        }

        if (said.IsSymmetric == false && arrays.Zeros is null &&
            module.Layout is PackedMatrixLayout.AwqGemm or PackedMatrixLayout.PackQuantized or PackedMatrixLayout.Int8)
        {
            faults.Add(path, module.Name, $"has no zero points, and {said.Source} says that it is not symmetric");
        }
    }

    // 0: one group of all. Where the settings of bitsandbytes and floats say a size, it means something else.
    private static long Group(long size, PackedModule module) =>
        module.Layout is PackedMatrixLayout.Bnb4Bit or PackedMatrixLayout.LlmInt8 or PackedMatrixLayout.Float8 || size <= 0 || size >= module.Columns
            ? 0 : size;

    private static string GroupText(long size) => size <= 0 ? "one group" : ErrorText.Invariant($"groups of {size}");

    // A layer is left in 16 bits now and then, and its settings say so; where they do not, loaders look for packed tensors.
    private static void WarnOfPlain(
        SafetensorsModel model, QuantizationConfig config, IReadOnlyList<PackedModule> modules, ModuleFindings warnings)
    {
        const string Weight = ".weight";
        var kinds = modules.Select(module => KindOf(module.Name)).ToHashSet(StringComparer.Ordinal);
        var packed = modules.SelectMany(module => module.Tensors).ToHashSet();
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            if (tensor is { IsFloat: true, Shape.Count: 2 } && tensor.Name.EndsWith(Weight, StringComparison.Ordinal) && !packed.Contains(tensor)
                && tensor.Name[..^Weight.Length] is var module && kinds.Contains(KindOf(module)) && !config.For(module).IsLeftAlone)
            {
                warnings.Add(tensor.File.Path, module, $"is not packed as those of other layers are, and {config.Source} does not leave it alone");
            }
        }
    }

    // The name without the numbers of layers and experts.
    private static string KindOf(string module) =>
        string.Join('.', module.Split('.').Select(part => part.Length > 0 && part.All(char.IsAsciiDigit) ? "*" : part));
}
