using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Numpy;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Conversion;

/// <summary>The kinds of files that models are decoded into.</summary>
internal enum ModelContainer
{
    Gguf,
    Safetensors,

    /// <summary>A file with one tensor.</summary>
    Npy,
}

/// <summary>Begins the files that a model is decoded into.</summary>
internal static class ModelContainers
{
    /// <summary>The container that a path's extension asks for.</summary>
    /// <exception cref="ArgumentException">It asks for none.</exception>
    public static ModelContainer Of(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".gguf" => ModelContainer.Gguf,
        ".safetensors" => ModelContainer.Safetensors,
        _ => throw new ArgumentException($"{ErrorText.EscapePath(path)}: the output's name must end in .gguf or .safetensors.", nameof(path)),
    };

    /// <summary>A writer with all tensors of a plan declared.</summary>
    public static IModelWriter Begin(
        ModelContainer container, string path, GgufFile model, DequantizePlan plan, DequantizeOptions options,
        ResumeLog? log) =>
        container switch
        {
            ModelContainer.Gguf => BeginGguf(path, model, plan, options, log),
            ModelContainer.Safetensors => BeginSafetensors(path, model, plan, options, log),
            _ => BeginNpy(path, plan.Tensors.Single(), options, log),
        };

    private static GgufWriter BeginGguf(
        string path, GgufFile model, DequantizePlan plan, DequantizeOptions options, ResumeLog? log)
    {
        var writer = GgufWriter.Create(path, new GgufWriterOptions { Overwrite = options.Overwrite, Log = log });
        try
        {
            writer.CopyMetadata(model);
            writer.SetMetadata(GgufLayout.FileTypeKey, GgufValue.FromNumber(GgufFileType(options.OutputType)));
            foreach (PlannedTensor tensor in plan.Tensors)
            {
                writer.AddTensor(tensor.Source.Name, tensor.Output, tensor.Source.Dimensions.ToArray());
            }

            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private static SafetensorsWriter BeginSafetensors(
        string path, GgufFile model, DequantizePlan plan, DequantizeOptions options, ResumeLog? log)
    {
        // "pt" says that matrices are stored as PyTorch has them; other programs refuse files that do not say it.
        var metadata = new List<KeyValuePair<string, string>> { new("format", "pt") };
        if (model.Architecture is { } architecture)
        {
            metadata.Add(new KeyValuePair<string, string>(GgufLayout.ArchitectureKey, architecture));
        }

        metadata.AddRange(RankMark.Of(model));
        var writer = SafetensorsWriter.Create(path, new SafetensorsWriterOptions
        {
            Overwrite = options.Overwrite,
            MaxShardBytes = options.MaxShardBytes,
            Metadata = metadata,
            Log = log,
        });
        foreach (PlannedTensor tensor in plan.Tensors)
        {
            writer.AddTensor(tensor.Source.Name, SafetensorsTypeOf(tensor.Output), tensor.Source.Shape.ToArray());
        }

        return writer;
    }

    private static NpyWriter BeginNpy(string path, PlannedTensor tensor, DequantizeOptions options, ResumeLog? log) =>
        NpyWriter.Create(path, tensor.Source.Name, tensor.Output, tensor.Source.Shape, options.Overwrite, log);

    /// <summary>llama.cpp's numbers (llama_ftype) for "all F32", "mostly F16" and "mostly BF16".</summary>
    private static uint GgufFileType(QuantFormat type) => type switch
    {
        QuantFormat.F32 => 0,
        QuantFormat.F16 => 1,
        QuantFormat.BF16 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No output type."),
    };

    private static SafetensorsType SafetensorsTypeOf(QuantFormat format) => format switch
    {
        QuantFormat.F32 => SafetensorsType.F32,
        QuantFormat.F16 => SafetensorsType.F16,
        QuantFormat.BF16 => SafetensorsType.BF16,
        QuantFormat.I8 => SafetensorsType.I8,
        QuantFormat.I16 => SafetensorsType.I16,
        QuantFormat.I32 => SafetensorsType.I32,
        QuantFormat.I64 => SafetensorsType.I64,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Safetensors files have no such type."),
    };
}
