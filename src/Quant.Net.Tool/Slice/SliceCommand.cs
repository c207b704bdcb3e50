using System.CommandLine;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary><c>quantnet slice</c>: parts of a packed weight, still packed; or of a whole model.</summary>
internal sealed class SliceCommand : ToolCommand
{
    private readonly ModelArgument _model = new(takesSafetensors: true);
    private readonly Option<string> _output = OutputOptions.Output(
        "OUT", "The file to write, .safetensors or .gguf as the model is; several parts are numbered; with --tensor-parallel a folder");

    private readonly CutOptions _cut;
    private readonly RankOptions _ranks;
    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly ToolConsole _console;

    public SliceCommand(ToolConsole console)
        : base(
            "slice",
            "Cuts a packed weight along its outputs or inputs, or a model for tensor parallelism, without decoding",
            new Example("quantnet slice llama-gptq --module model.layers.0.mlp.up_proj --axis out --parts 2 -o up.safetensors", "Halves of a GPTQ module"),
            new Example("quantnet slice model.gguf --tensor blk.0.ffn_down.weight --axis in --range 0:1024 -o down.gguf", "The first 1024 inputs of a tensor"),
            new Example("quantnet slice deepseek --module model.layers.0.self_attn.kv_b_proj --axis out --heads 128 --split 128,128 -o kv.safetensors", "Keys and values of each head"),
            new Example("quantnet slice llama-gptq --tensor-parallel 4 --dry-run", "What each of four ranks would have, and what is in the way"),
            new Example("quantnet slice llama-gptq --tensor-parallel 4 -o parts --shard-size 5GB", "A model for each rank: parts/rank-0-of-4 and so on"),
            new Example("quantnet slice model.gguf --tensor-parallel 2 -o parts", "A GGUF file for each rank: parts/rank-0-of-2.gguf and so on"))
    {
        _console = console;
        _output.Required = false;   // a dry run has none
        Arguments.Add(_model);
        Options.Add(_output);
        _cut = new CutOptions(this);
        _ranks = new RankOptions(this, _cut, _output);
        Options.Add(_force);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string input = _model.PathIn(parsed);
        string? output = parsed.GetValue(_output);
        bool force = parsed.GetValue(_force);
        if (_ranks.RanksIn(parsed) is { } ranks)
        {
            var options = new TensorParallelOptions { Overwrite = force, MaxShardBytes = _ranks.ShardSizeIn(parsed) };
            return await RankDivision.RunAsync(_console, parsed, input, ranks, output, _ranks.IsDryRun(parsed), options, cancellation);
        }

        SliceKind kind = SliceKind.Of([input], output!, _cut.ModuleIn(parsed), _cut.TensorIn(parsed));
        SliceReport report = await WorkProgress.RunAsync(
            _console,
            parsed.GetValue(CommonOptions.Quiet),
            Path.GetFileName(output!),
            progress => kind == SliceKind.Safetensors
                ? CutModuleAsync(parsed, input, output!, force, progress, cancellation)
                : CutTensorAsync(parsed, input, output!, force, progress, cancellation),
            done: "written");
        SliceText.Show(_console, parsed, report);
        return ExitCode.Done;
    }

    private async Task<SliceReport> CutModuleAsync(
        ParseResult parsed, string input, string output, bool force, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        using SafetensorsModel model = SafetensorsModel.Open(input);
        PackedModule module = SliceOptions.Find(model, _cut.ModuleIn(parsed));

        // Not afterwards: who interrupts that would be told so, and have the parts all the same.
        string[] warnings = [.. model.Warnings, .. ModelVerifier.CheckScales(model, [module], cancellationToken: cancellation)];
        CopyResult result = await ModelConverter.SliceAsync(
            module, _cut.CutIn(parsed), output, _cut.NumberingIn(parsed), force, progress, cancellation);
        return Report(parsed, input, module.Name, result, warnings);
    }

    private async Task<SliceReport> CutTensorAsync(
        ParseResult parsed, string input, string output, bool force, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        using GgufFile model = GgufFile.Open(input);
        GgufTensor tensor = SliceOptions.Find(model, _cut.TensorIn(parsed));
        CopyResult result = await ModelConverter.SliceAsync(tensor, _cut.CutIn(parsed), output, force, progress, cancellation);
        return Report(parsed, input, tensor.Name, result, model.Warnings);
    }

    private SliceReport Report(ParseResult parsed, string input, string name, CopyResult result, IReadOnlyList<string> warnings) => new(
        [input], result.Files, name, _cut.AxisIn(parsed), result.TensorCount, result.OutputBytes, result.Elapsed.TotalSeconds, warnings);
}
