using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Native;
using Quant.Net.Ranks;
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
    private readonly Dictionary<SafetensorsTensor, Func<ITensorWatch>> _watches = [];
    private readonly ZeroPointKinds _zeroPoints;
    private readonly ScaleFindings _scales = new();
    private readonly OddTensors _unusedBits = new();

    public ModuleCheck(SafetensorsModel model, CancellationToken cancellation)
    {
        (_model, _zeroPoints) = (model, new ZeroPointKinds(model));
        _survey = PackedModuleSurvey.Of(model, cancellationToken: cancellation);
        _shapes = [.. ConfigShapes.Check(model, _survey.Modules)];
        foreach (PackedModule module in _survey.Modules)
        {
            Prepare(module);
        }
    }

    public IReadOnlyList<string> Faults =>
        [.. _survey.Faults, .. _shapes, .. _zeroPoints.Faults, .. _scales.Faults];

    public IReadOnlyList<string> Warnings =>
    [
        .. RankMark.Find(_model) is { } mark ? new[] { $"{ErrorText.EscapePath(_model.Path)}: is {ErrorText.Quote(mark)} of a model: shapes are not compared with {ModelConfig.FileName}" } : [],
        .. _survey.Warnings, .. _zeroPoints.Warnings, .. _scales.Warnings,
        .. _unusedBits.IsEmpty ? [] : new[] { $"{_unusedBits.Where}: {_unusedBits.HowMany} words have bits set where no code is (first: {_unusedBits.Place})" },
    ];

    /// <summary>What wants to see the data of a tensor; null if nothing does.</summary>
    public ITensorWatch? Watch(SafetensorsTensor tensor) => _watches.TryGetValue(tensor, out Func<ITensorWatch>? begin) ? begin() : null;

    /// <summary>Whether a fault says already that a tensor should be of another type: what its values would be is no second one.</summary>
    public bool IsMistyped(SafetensorsTensor tensor) => _survey.Mistyped.Contains(tensor.Name);

    private void Prepare(PackedModule module)
    {
        ModuleArrays arrays = module.Arrays;
        if (ZeroPointWatch.Watches(module))
        {
            _watches[arrays.Zeros!] = () => _zeroPoints.Watch(module);
        }

        if (arrays.Scales is { } scales && ScaleWatch.Watches(scales))
        {
            _watches[scales] = () => new ScaleWatch(module, scales, _scales);
        }

        if (module.Layout == PackedMatrixLayout.PackQuantized)
        {
            bool isPadded = arrays.Flags.HasFlag(NativeMatrixFlags.Padded);
            _watches[arrays.Codes] = () => new UnusedBitsWatch(arrays.Codes, module.Columns, module.Bits, isPadded, alongRows: false, _unusedBits);
            if (arrays.Zeros is { } zeros)
            {
                _watches[zeros] = () => new UnusedBitsWatch(zeros, module.Rows, module.Bits, isPadded, alongRows: true, _unusedBits);
            }
        }
    }
}
