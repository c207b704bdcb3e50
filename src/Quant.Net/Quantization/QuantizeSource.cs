using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Quantization;

/// <summary>A model that is to be quantized, whatever its container.</summary>
internal sealed class QuantizeSource
{
    private readonly Action<GgufContents> _addMetadata;

    private QuantizeSource(Action<GgufContents> addMetadata) => _addMetadata = addMetadata;

    /// <summary>How messages name it.</summary>
    public required string ShownName { get; init; }

    /// <summary>Its files.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Its tensors, in their order.</summary>
    public required IReadOnlyList<SourceTensor> Tensors { get; init; }

    /// <summary>What is odd about it.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <exception cref="ArgumentException">Parts of the model are missing.</exception>
    public static QuantizeSource Of(GgufFile model)
    {
        WholeModel.Require(model);
        var parts = model.Parts.Select((part, i) => (part, i)).ToDictionary(pair => pair.part, pair => pair.i);
        return new QuantizeSource(contents => contents.CopyMetadata(model))
        {
            ShownName = model.ShownPath,
            Paths = [.. model.Parts.Select(part => part.Path)],
            Tensors = [.. model.Tensors.Select(tensor => SourceTensor.Of(tensor, parts[tensor.Part]))],
            Warnings = model.Warnings,
        };
    }

    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have.</exception>
    public static QuantizeSource Of(SafetensorsModel model)
    {
        PlainCheckpoint.Require(model);
        var parts = model.Files.Select((file, i) => (file, i)).ToDictionary(pair => pair.file, pair => pair.i);
        return new QuantizeSource(contents => PlainCheckpoint.AddMetadata(model, contents))
        {
            ShownName = ErrorText.EscapePath(model.Path),
            Paths = [.. model.Files.Select(file => file.Path)],
            Tensors = [.. model.Tensors.Select(tensor => SourceTensor.Of(tensor, parts[tensor.File]))],
            Warnings = model.Warnings,
        };
    }

    /// <summary>Declares the metadata that the output keeps.</summary>
    public void AddMetadata(GgufContents contents) => _addMetadata(contents);
}
