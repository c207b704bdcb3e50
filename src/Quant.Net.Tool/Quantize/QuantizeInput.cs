using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Quantize;

/// <summary>The model that is quantized, of either kind.</summary>
internal sealed class QuantizeInput : IDisposable
{
    private readonly GgufFile? _gguf;
    private readonly SafetensorsModel? _safetensors;

    private QuantizeInput(GgufFile? gguf, SafetensorsModel? safetensors) => (_gguf, _safetensors) = (gguf, safetensors);

    public static QuantizeInput Open(string path) => ModelArgument.IsSafetensors(path)
        ? new QuantizeInput(null, SafetensorsModel.Open(path))
        : new QuantizeInput(GgufFile.Open(path), null);

    public QuantizationPlan Plan(QuantizationRecipe recipe, QuantizationOptions options) => _gguf is not null
        ? QuantizationPlan.Create(_gguf, recipe, options)
        : QuantizationPlan.Create(_safetensors!, recipe, options);

    public Task<QuantizationPlan> PlanAsync(
        SizeBudget budget, QuantizationOptions options, QuantizeOptions output, QuantDevice device, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation) => _gguf is not null
        ? BudgetPlanner.PlanAsync(_gguf, budget, options, search: null, output, device, progress, cancellation)
        : BudgetPlanner.PlanAsync(_safetensors!, budget, options, search: null, output, device, progress, cancellation);

    public IReadOnlyList<string> Check(QuantizationPlan plan, QuantizeOptions options, QuantDevice device) => _gguf is not null
        ? ModelQuantizer.Check(_gguf, plan, options, device)
        : ModelQuantizer.Check(_safetensors!, plan, options, device);

    /// <summary>Refuses an output that cannot be, as far as that shows without a plan.</summary>
    public void CheckOutput(QuantizationOptions asked, string output, QuantizeOptions options)
    {
        if (_gguf is not null)
        {
            ModelQuantizer.CheckOutput(_gguf, asked, output, options);
        }
        else
        {
            ModelQuantizer.CheckOutput(_safetensors!, asked, output, options);
        }
    }

    /// <summary>Refuses an output that cannot be.</summary>
    public void CheckOutput(QuantizationPlan plan, string output, QuantizeOptions options)
    {
        if (_gguf is not null)
        {
            ModelQuantizer.CheckOutput(_gguf, plan, output, options);
        }
        else
        {
            ModelQuantizer.CheckOutput(_safetensors!, plan, output, options);
        }
    }

    public long GetOutputBytes(QuantizationPlan plan, QuantizeOptions options) => _gguf is not null
        ? ModelQuantizer.GetOutputBytes(_gguf, plan, options)
        : ModelQuantizer.GetOutputBytes(_safetensors!, plan, options);

    public Task<QuantizeResult> QuantizeAsync(
        QuantizationPlan plan, string output, QuantizeOptions options, QuantDevice device, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation) => _gguf is not null
        ? ModelQuantizer.QuantizeAsync(_gguf, plan, output, options, device, progress, cancellation)
        : ModelQuantizer.QuantizeAsync(_safetensors!, plan, output, options, device, progress, cancellation);

    public void Dispose()
    {
        _gguf?.Dispose();
        _safetensors?.Dispose();
    }
}
