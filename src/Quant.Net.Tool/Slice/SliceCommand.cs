using System.CommandLine;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary><c>quantnet slice</c>: parts of a packed weight, still packed.</summary>
internal sealed class SliceCommand : ToolCommand
{
    private readonly ModelArgument _model = new(takesSafetensors: true);
    private readonly Option<string> _output = OutputOptions.Output(
        "OUT", "The file to write, .safetensors or .gguf as the model is; several parts are numbered");

    private readonly Option<string?> _module = SliceOptions.Module();
    private readonly Option<string?> _tensor = SliceOptions.Tensor();
    private readonly Option<string> _axis = SliceOptions.Axis();
    private readonly CutOptions _cut;

    private readonly Option<bool> _keepGroups = new("--keep-groups")
    {
        Description = "With act-order, keep all groups in each part instead of numbering those in use anew",
    };

    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly ToolConsole _console;

    public SliceCommand(ToolConsole console)
        : base(
            "slice",
            "Cuts a packed weight along its outputs or inputs, without decoding it",
            new Example("quantnet slice llama-gptq --module model.layers.0.mlp.up_proj --axis out --parts 2 -o up.safetensors", "Halves of a GPTQ module"),
            new Example("quantnet slice model.gguf --tensor blk.0.ffn_down.weight --axis in --range 0:1024 -o down.gguf", "The first 1024 inputs of a tensor"),
            new Example("quantnet slice deepseek --module model.layers.0.self_attn.kv_b_proj --axis out --heads 128 --split 128,128 -o kv.safetensors", "Keys and values of each head"))
    {
        _console = console;
        Arguments.Add(_model);
        Options.Add(_output);
        Options.Add(_module);
        Options.Add(_tensor);
        Options.Add(_axis);
        _cut = new CutOptions(this);
        Options.Add(_keepGroups);
        Options.Add(_force);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string input = _model.PathIn(parsed), output = parsed.GetRequiredValue(_output), axis = parsed.GetRequiredValue(_axis);
        MatrixCut cut = _cut.CutIn(parsed, SliceOptions.AxisOf(axis));
        SliceKind kind = SliceKind.Of([input], output, parsed.GetValue(_module), parsed.GetValue(_tensor));
        bool force = parsed.GetValue(_force);
        if (kind == SliceKind.Safetensors)
        {
            using SafetensorsModel model = SafetensorsModel.Open(input);
            PackedModule module = SliceOptions.Find(model, parsed.GetValue(_module));
            GroupNumbering numbering = parsed.GetValue(_keepGroups) ? GroupNumbering.Keep : GroupNumbering.Compact;
            CopyResult result = await ModelConverter.SliceAsync(module, cut, output, numbering, force, cancellation);
            Show(parsed, input, module.Name, axis, result, model.Warnings);
        }
        else
        {
            using GgufFile model = GgufFile.Open(input);
            GgufTensor tensor = SliceOptions.Find(model, parsed.GetValue(_tensor));
            CopyResult result = await ModelConverter.SliceAsync(tensor, cut, output, force, cancellation);
            Show(parsed, input, tensor.Name, axis, result, model.Warnings);
        }

        return ExitCode.Done;
    }

    private void Show(ParseResult parsed, string input, string name, string axis, CopyResult result, IReadOnlyList<string> warnings) =>
        SliceText.Show(_console, parsed, new SliceReport(
            [input], result.Files, name, axis, result.TensorCount, result.OutputBytes, result.Elapsed.TotalSeconds, warnings));
}
