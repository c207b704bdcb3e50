using System.CommandLine;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary><c>quantnet slice --tensor-parallel</c>: a whole model for several ranks.</summary>
internal static class RankDivision
{
    /// <summary>Plans, and writes unless it is a dry run, which needs no output and looks whether one could be written.</summary>
    /// <returns>The exit code: a plan that is only shown fails where it cannot be carried out.</returns>
    public static async Task<int> RunAsync(
        ToolConsole console, ParseResult parsed, string input, int ranks, string? output, bool isDryRun, TensorParallelOptions options,
        CancellationToken cancellation)
    {
        if (output is not null)
        {
            RequireFolder(output);
        }

        if (ModelArgument.IsSafetensors(input))
        {
            using SafetensorsModel model = SafetensorsModel.Open(input);
            return await RunAsync(console, parsed, input, TensorParallelPlan.Make(model, ranks), model.Warnings, output, isDryRun, options, cancellation);
        }

        if (options.MaxShardBytes is not null)
        {
            throw new UsageException("--shard-size: MODEL is a GGUF file, of which each rank is one file; the command split divides that");
        }

        using GgufFile file = GgufFile.Open(input);
        return await RunAsync(console, parsed, input, TensorParallelPlan.Make(file, ranks), file.Warnings, output, isDryRun, options, cancellation);
    }

    private static async Task<int> RunAsync(
        ToolConsole console, ParseResult parsed, string input, TensorParallelPlan plan, IReadOnlyList<string> warnings, string? output,
        bool isDryRun, TensorParallelOptions options, CancellationToken cancellation)
    {
        if (isDryRun && output is not null && plan.IsPossible)
        {
            ModelConverter.CheckOutput(plan, output, options);
        }

        CopyResult? result = isDryRun ? null : await WorkProgress.RunAsync(
            console,
            parsed.GetValue(CommonOptions.Quiet),
            Path.GetFileName(Path.TrimEndingDirectorySeparator(output!)),
            progress => ModelConverter.SliceAsync(plan, output!, options, progress, cancellation),
            done: "written");
        RankText.Show(console, parsed, RankReport.Of(input, plan, warnings, result));
        return plan.IsPossible ? ExitCode.Done : ExitCode.Failed;
    }

    private static void RequireFolder(string output)
    {
        if (Path.GetExtension(output) is ".safetensors" or ".gguf")
        {
            throw new UsageException($"--output: '{output}' is the name of a file, expected that of a folder for all ranks");
        }
    }
}
