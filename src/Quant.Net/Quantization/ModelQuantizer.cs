using System.Runtime.InteropServices;
using Quant.Net.Budgets;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Quantization;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>Quantizes whole models, of any size: read, encoded and written in chunks.</summary>
/// <example>
/// <code>
/// using var model = GgufFile.Open("model-F16.gguf");
/// using var device = QuantDevice.Open("cpu");
/// var plan = QuantizationPlan.Create(model, QuantizationRecipe.Get("Q4_K_M"));
/// await ModelQuantizer.QuantizeAsync(model, plan, "model-Q4_K_M.gguf", new QuantizeOptions(), device);
/// </code>
/// </example>
public static class ModelQuantizer
{
    /// <summary>Quantizes a GGUF model into a new one: tensors, their order and the metadata are those of llama-quantize.</summary>
    /// <remarks>
    /// <para>Metadata are kept; <c>general.quantization_version</c>, <c>general.file_type</c> and, with an importance matrix,
    /// <c>quantize.imatrix.*</c> come last. Tensors that stay as they are are copied byte for byte.</para>
    /// <para>The output gets its name when it is whole and on the disk; a failure or cancellation leaves nothing, unless
    /// <see cref="QuantizeOptions.Resume"/> is set.</para>
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="plan">What becomes of its tensors.</param>
    /// <param name="outputPath">Where the result will be; ends in .gguf. Several files have their number before that.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Encodes.</param>
    /// <param name="progress">Is told how far it is, after each chunk.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">The plan is of another model, parts of the model are missing, the output's name does not end in .gguf,
    /// or an option is none that there is.</exception>
    /// <exception cref="NotSupportedException">There are tensors that the device cannot encode, that need an importance matrix, or whose rows
    /// do not fit into the memory; they are named.</exception>
    /// <exception cref="ModelFormatException">The importance matrix does not fit the model.</exception>
    /// <exception cref="NotFiniteNumberException">A weight is NaN or infinite, and <see cref="QuantizeOptions.AllowNonFinite"/> is not set.</exception>
    /// <exception cref="OverflowException">A weight is too large for float32 or for the format that it becomes, and that is not set.</exception>
    /// <exception cref="OutputExistsException">The output is there already.</exception>
    /// <exception cref="IOException">The output is the model or the importance matrix itself, or does not fit on the disk.</exception>
    /// <exception cref="IOException">
    /// It cannot be resumed: what is there is of other work, has been changed, or is being written by another process.
    /// </exception>
    /// <exception cref="IOException">The model has become shorter, or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<QuantizeResult> QuantizeAsync(
        GgufFile model, QuantizationPlan plan, string outputPath, QuantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return QuantizeAsync(() => QuantizeSource.Of(model), plan, outputPath, options, device, progress, cancellationToken);
    }

    /// <summary>
    /// Quantizes a safetensors model into a GGUF file in which tensors keep the names of the checkpoint; of its settings only the architecture
    /// is told, and a name: the folder's, or the file's if it is called otherwise than <c>model</c>. Programs that know these names can read it; it is no conversion for llama.cpp.
    /// </summary>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have; they are named.</exception>
    /// <inheritdoc cref="QuantizeAsync(GgufFile, QuantizationPlan, string, QuantizeOptions, QuantDevice, IProgress{ConversionProgress}?, CancellationToken)"/>
    public static Task<QuantizeResult> QuantizeAsync(
        SafetensorsModel model, QuantizationPlan plan, string outputPath, QuantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return QuantizeAsync(() => QuantizeSource.Of(model), plan, outputPath, options, device, progress, cancellationToken);
    }

    /// <summary>Refuses what <see cref="QuantizeAsync(GgufFile, QuantizationPlan, string, QuantizeOptions, QuantDevice, IProgress{ConversionProgress}?, CancellationToken)"/>
    /// would refuse before it reads weights, the output aside. Nothing is written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">What becomes of its tensors.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Would encode.</param>
    /// <returns>What a user should know, each in one line.</returns>
    /// <exception cref="ArgumentException">The plan is of another model, parts of the model are missing, or an option is none that there is.</exception>
    /// <exception cref="NotSupportedException">There are tensors that the device cannot encode, that need an importance matrix, or whose rows
    /// do not fit into the memory; they are named.</exception>
    /// <exception cref="ModelFormatException">The importance matrix does not fit the model.</exception>
    public static IReadOnlyList<string> Check(GgufFile model, QuantizationPlan plan, QuantizeOptions options, QuantDevice device)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Check(QuantizeSource.Of(model), plan, options, device);
    }

    /// <inheritdoc cref="Check(GgufFile, QuantizationPlan, QuantizeOptions, QuantDevice)"/>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have.</exception>
    public static IReadOnlyList<string> Check(SafetensorsModel model, QuantizationPlan plan, QuantizeOptions options, QuantDevice device)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Check(QuantizeSource.Of(model), plan, options, device);
    }

    /// <summary>Bytes of the files that quantizing would write. Nothing is read of the weights.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">What becomes of its tensors.</param>
    /// <param name="options">How.</param>
    /// <returns>The bytes, metadata and padding included.</returns>
    /// <exception cref="ArgumentException">The plan is of another model, or parts of the model are missing.</exception>
    public static long GetOutputBytes(GgufFile model, QuantizationPlan plan, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        return GetOutputBytes(QuantizeSource.Of(model), plan, options);
    }

    /// <inheritdoc cref="GetOutputBytes(GgufFile, QuantizationPlan, QuantizeOptions)"/>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have.</exception>
    public static long GetOutputBytes(SafetensorsModel model, QuantizationPlan plan, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        return GetOutputBytes(QuantizeSource.Of(model), plan, options);
    }

    /// <summary>Refuses an output that <see cref="QuantizeAsync(GgufFile, QuantizationPlan, string, QuantizeOptions, QuantDevice, IProgress{ConversionProgress}?, CancellationToken)"/>
    /// would refuse before it reads weights. Nothing is written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">What becomes of its tensors.</param>
    /// <param name="outputPath">Where the result would be.</param>
    /// <param name="options">How.</param>
    /// <exception cref="ArgumentException">The plan is of another model, parts of the model are missing, or the output's name does not end in .gguf.</exception>
    /// <exception cref="OutputExistsException">The output is there already.</exception>
    /// <exception cref="IOException">The output is the model or the importance matrix itself, its directory is not there, or it does not fit on the
    /// disk.</exception>
    /// <exception cref="UnauthorizedAccessException">Nothing may be written there.</exception>
    public static void CheckOutput(GgufFile model, QuantizationPlan plan, string outputPath, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckOutput(QuantizeSource.Of(model), plan, outputPath, options);
    }

    /// <inheritdoc cref="CheckOutput(GgufFile, QuantizationPlan, string, QuantizeOptions)"/>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have.</exception>
    public static void CheckOutput(SafetensorsModel model, QuantizationPlan plan, string outputPath, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckOutput(QuantizeSource.Of(model), plan, outputPath, options);
    }

    /// <summary>
    /// The same before there is a plan, which takes long to make for a budget. How large the output will be is not known then; and if it is divided at so
    /// many bytes, any file of the name of a part is in its way.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="asked">What the plan will be made with.</param>
    /// <param name="outputPath">Where the result would be.</param>
    /// <param name="options">How.</param>
    /// <exception cref="ArgumentException">Parts of the model are missing, or the output's name does not end in .gguf.</exception>
    /// <exception cref="OutputExistsException">The output is there already.</exception>
    /// <exception cref="IOException">The output is the model or the importance matrix itself, or its directory is not there.</exception>
    /// <exception cref="UnauthorizedAccessException">Nothing may be written there.</exception>
    public static void CheckOutput(GgufFile model, QuantizationOptions asked, string outputPath, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckOutput(QuantizeSource.Of(model), asked, outputPath, options);
    }

    /// <inheritdoc cref="CheckOutput(GgufFile, QuantizationOptions, string, QuantizeOptions)"/>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have.</exception>
    public static void CheckOutput(SafetensorsModel model, QuantizationOptions asked, string outputPath, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckOutput(QuantizeSource.Of(model), asked, outputPath, options);
    }

    private static void CheckOutput(QuantizeSource source, QuantizationPlan plan, string outputPath, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(options);
        OutputPlace.Require(source, QuantizeOutput.Of(outputPath, source, QuantizeTasks.Order(source, plan), plan, options), options);
    }

    private static void CheckOutput(QuantizeSource source, QuantizationOptions asked, string outputPath, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(options);
        OutputPlace.RequireBeforePlan(source, outputPath, asked.KeepSplit, options);
    }

    /// <summary>What the files of plans for a model take.</summary>
    internal static BudgetFiles FilesOf(QuantizeSource source, QuantizeOptions options)
    {
        var metadata = new GgufContents();
        source.AddMetadata(metadata);
        return new BudgetFiles(plan => GetOutputBytes(source, plan, options), metadata.Padded);
    }

    /// <summary>What buffers may have together.</summary>
    internal static long MemoryOf(QuantizeOptions options) => options.MaxMemory ?? QuantizeOptions.DefaultMaxMemory;

    private static long GetOutputBytes(QuantizeSource source, QuantizationPlan plan, QuantizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        return QuantizeOutput.Of("model.gguf", source, QuantizeTasks.Order(source, plan), plan, options).Length;
    }

    private static List<string> Check(QuantizeSource source, QuantizationPlan plan, QuantizeOptions options, QuantDevice device)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        RequireOptions(options, plan);
        List<string> warnings = [.. source.Warnings];
        _ = Prepare(source, plan, options, device, warnings);
        return warnings;
    }

    private static IReadOnlyList<QuantizeTask> Prepare(
        QuantizeSource source, QuantizationPlan plan, QuantizeOptions options, QuantDevice device, List<string> warnings)
    {
        IReadOnlyList<QuantizeTask> tasks = QuantizeTasks.Weigh(source, QuantizeTasks.Order(source, plan), options.Importance, device, warnings);
        QuantizeTasks.RequirePossible(source, tasks, options, device, MemoryOf(options));
        QuantizeTasks.WarnOfIdleEffort(tasks, options, warnings);
        QuantizeTasks.WarnOfIdleSplit(source, plan, warnings);
        return tasks;
    }

    private static Task<QuantizeResult> QuantizeAsync(
        Func<QuantizeSource> source, QuantizationPlan plan, string outputPath, QuantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        RequireOptions(options, plan);
        if (plan.Faults is [var fault, ..])
        {
            throw new QuantizationRefusedException(fault.Message, fault.Remedy);
        }

        return Task.Run(() => RunAsync(source(), plan, outputPath, options, device, progress, cancellation), cancellation);
    }

    private static async Task<QuantizeResult> RunAsync(
        QuantizeSource source, QuantizationPlan plan, string outputPath, QuantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        List<string> warnings = [.. source.Warnings];
        long memory = MemoryOf(options);
        IReadOnlyList<QuantizeTask> tasks = Prepare(source, plan, options, device, warnings);
        var output = QuantizeOutput.Of(outputPath, source, tasks, plan, options);
        OutputPlace.Require(source, output, options);
        string[] inputs = options.Importance is { } importance ? [.. source.Paths, importance.Path] : [.. source.Paths];
        using ResumeLog? log = options.Resume
            ? ResumeLog.Open(outputPath, Fingerprint(source, tasks, output, options, memory), cancellation)
            : null;
        using var writer = new GgufShards(output.Files, output.Contents, new GgufWriterOptions { Overwrite = options.Overwrite, Log = log });
        var run = new QuantizeRun(tasks, writer, options, memory, device, progress, log);
        QuantizeResult result = await run.RunAsync(warnings, cancellation).ConfigureAwait(false);
        log?.Complete();
        return output.Prefix is not { } prefix ? result : result with
        {
            Warnings = [.. result.Warnings, .. StaleFiles.WarnBesideParts(Path.GetFullPath(prefix), writer.Files, inputs)],
        };
    }

    /// <summary>What the output's bytes depend on, and where its chunks begin.</summary>
    private static string Fingerprint(
        QuantizeSource source, IReadOnlyList<QuantizeTask> tasks, QuantizeOutput output, QuantizeOptions options, long memory) =>
        WorkFingerprint.Of(source.Paths, writer =>
        {
            writer.Write(memory);
            writer.Write(options.AllowNonFinite);
            writer.Write((int)options.Effort);
            foreach (GgufContents file in output.Contents)
            {
                writer.Write(file.BuildHead().WrittenSpan);
            }

            foreach (QuantizeTask task in tasks)
            {
                writer.Write(MemoryMarshal.AsBytes(task.Importance.Span));
            }
        });

    private static void RequireOptions(QuantizeOptions options, QuantizationPlan plan)
    {
        foreach ((long? limit, string name, int least) in new (long?, string, int)[]
        {
            (options.MaxMemory, nameof(options.MaxMemory), 1),
            (options.SplitMaxBytes, nameof(options.SplitMaxBytes), 1),
            (options.WorstRows, nameof(options.WorstRows), 0),
        })
        {
            if (limit < least)
            {
                throw new ArgumentException(ErrorText.Invariant($"{name} is {limit}, expected {least} or more."), nameof(options));
            }
        }

        if (options.SplitMaxBytes is not null && plan.KeepsSplit)
        {
            throw new ArgumentException("The output is divided as the input is, or at so many bytes, but not both.", nameof(options));
        }

        if (options is { Measure: true, Resume: true })
        {
            throw new ArgumentException(
                "Errors are measured while tensors are encoded, and so not of work that is resumed; compare the models afterwards.", nameof(options));
        }
    }
}
