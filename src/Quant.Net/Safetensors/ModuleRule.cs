using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>An exception for some modules.</summary>
internal sealed class ModuleRule
{
    private readonly string _place;
    private readonly bool _isLeftAlone;
    private readonly Settings? _values;

    private ModuleRule(string place, bool isLeftAlone, Settings? values) => (_place, _isLeftAlone, _values) = (place, isLeftAlone, values);

    /// <summary>They stay as they are.</summary>
    /// <param name="place">What says so.</param>
    public static ModuleRule LeaveAlone(string place) => new(place, true, null);

    /// <summary>They are packed in another way.</summary>
    /// <param name="place">What says so.</param>
    /// <param name="values">In which, by the names that GPTQModel or compressed-tensors have for it.</param>
    public static ModuleRule Change(string place, Settings values) => new(place, false, values);

    /// <summary>What is said of a module that this rule is for.</summary>
    public ModuleSettings ApplyTo(ModuleSettings all)
    {
        string source = $"{all.Source} ({ErrorText.Escape(_place, 100)})";
        if (_values is not { } values)
        {
            return all with { Source = source, IsLeftAlone = _isLeftAlone };
        }

        return new ModuleSettings(
            source,
            QuantizationConfig.Bounded(values, "bits") ?? QuantizationConfig.Bounded(values, "num_bits") ?? all.Bits,
            QuantizationConfig.Group(values, "group_size") ?? all.GroupSize,
            values.Flag("sym") ?? values.Flag("symmetric") ?? all.IsSymmetric,
            QuantizationConfig.ActOrder(values) ?? all.IsActOrder,
            QuantizationConfig.Block(values, "block_structure") ?? all.BlockSize);
    }
}
