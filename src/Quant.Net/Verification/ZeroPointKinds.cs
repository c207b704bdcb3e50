using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>What was found in the zero points of a model's modules, by how they are packed.</summary>
internal sealed class ZeroPointKinds(SafetensorsModel model)
{
    private readonly Dictionary<(PackedMatrixLayout Layout, int Bits, bool PlusOne), ZeroPointFindings> _kinds = [];

    public IEnumerable<string> Faults => _kinds.Values.SelectMany(found => found.Faults);

    public IEnumerable<string> Warnings => _kinds.Values.SelectMany(found => found.Warnings);

    /// <summary>Begins to look at those of a module.</summary>
    public ZeroPointWatch Watch(PackedModule module) => new(module, model.Quantization?.For(module.Name).IsSymmetric, FindingsOf(module));

    private ZeroPointFindings FindingsOf(PackedModule module)
    {
        bool plusOne = module.Arrays.Flags.HasFlag(NativeMatrixFlags.ZeroPlusOne);
        if (!_kinds.TryGetValue((module.Layout, module.Bits, plusOne), out ZeroPointFindings? findings))
        {
            string source = model.Quantization is { CheckpointFormat: not null } config ? $"{config.Source} says" : "nothing says and is usual";
            findings = new ZeroPointFindings(module.Layout, module.Bits, plusOne, source);
            _kinds.Add((module.Layout, module.Bits, plusOne), findings);
        }

        return findings;
    }
}
