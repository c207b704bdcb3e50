using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>
/// Checks the packed modules of a model: that they can be decoded, that they are what the settings say, and, while their tensors
/// are read, whether zero points and scales can be what was meant.
/// </summary>
internal sealed class ModuleCheck
{
    private readonly SafetensorsModel _model;
    private readonly PackedModuleSurvey _survey;
    private readonly IReadOnlyList<string> _shapes;
    private readonly Dictionary<SafetensorsTensor, PackedModule> _zeros = [], _scales = [];
    private readonly Dictionary<(PackedMatrixLayout Layout, int Bits, bool PlusOne), ZeroPointFindings> _zeroPoints = [];
    private readonly ScaleFindings _scaleFindings = new();

    public ModuleCheck(SafetensorsModel model, CancellationToken cancellation)
    {
        _model = model;
        _survey = PackedModuleSurvey.Of(model, cancellationToken: cancellation);
        _shapes = [.. ConfigShapes.Check(model, _survey.Modules)];
        foreach (PackedModule module in _survey.Modules)
        {
            if (ZeroPointWatch.Watches(module))
            {
                _zeros.TryAdd(module.Arrays.Zeros!, module);
            }

            if (module.Arrays.Scales is { } scales && ScaleWatch.Watches(scales))
            {
                _scales.TryAdd(scales, module);
            }
        }
    }

    public IReadOnlyList<string> Faults =>
        [.. _survey.Faults, .. _shapes, .. _zeroPoints.Values.SelectMany(found => found.Faults), .. _scaleFindings.Faults];

    public IReadOnlyList<string> Warnings =>
        [.. _survey.Warnings, .. _zeroPoints.Values.SelectMany(found => found.Warnings), .. _scaleFindings.Warnings];

    /// <summary>What wants to see the data of a tensor; null if nothing does.</summary>
    public ITensorWatch? Watch(SafetensorsTensor tensor) =>
        _zeros.TryGetValue(tensor, out PackedModule? module)
            ? new ZeroPointWatch(module, _model.Quantization?.For(module.Name).IsSymmetric, FindingsOf(module))
            : _scales.TryGetValue(tensor, out module) ? new ScaleWatch(module, tensor, _scaleFindings) : null;

    private ZeroPointFindings FindingsOf(PackedModule module)
    {
        bool plusOne = module.Arrays.Flags.HasFlag(NativeMatrixFlags.ZeroPlusOne);
        if (!_zeroPoints.TryGetValue((module.Layout, module.Bits, plusOne), out ZeroPointFindings? findings))
        {
            string source = _model.Quantization is { CheckpointFormat: not null } config ? $"{config.Source} says" : "nothing says and is usual";
            findings = new ZeroPointFindings(module.Layout, module.Bits, plusOne, source);
            _zeroPoints.Add((module.Layout, module.Bits, plusOne), findings);
        }

        return findings;
    }
}
