using System.Text;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Quantization;

/// <summary>
/// A safetensors model as GGUF: tensors keep their names, dimensions are written the other way around, and of the settings only the
/// architecture and a name are told. Programs that know the checkpoint's names can read it; it is no conversion for llama.cpp.
/// </summary>
internal static class PlainCheckpoint
{
    private const string NameKey = "general.name";

    /// <summary>What model files are called that have no name of their own.</summary>
    private const string UsualStem = "model";

    /// <summary>Throws unless all tensors can stand in a GGUF file.</summary>
    /// <exception cref="ArgumentException">Files of the model are missing.</exception>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have; they are named.</exception>
    public static void Require(SafetensorsModel model)
    {
        WholeModel.Require(model);
        var packed = PackedModuleSurvey.Of(model);
        if (packed.Modules.Count > 0 || !packed.IsComplete || model.Quantization is not null)
        {
            string how = model.Quantization?.Method is { } method ? ErrorText.Quote(method) : ErrorText.Count(packed.Modules.Count, "packed module");
            throw new NotSupportedException($"{ErrorText.EscapePath(model.Path)}: is quantized already ({how}), expected plain weights: dequantize it first");
        }

        Refuse(model, "of types that GGUF does not have", tensor => tensor.Format is null ? $"{tensor.Type}" : null);
        Refuse(model, ErrorText.Invariant($"with more than the {GgufLayout.MostDimensions} dimensions that GGUF has"),
            tensor => tensor.Shape.Count > GgufLayout.MostDimensions ? ErrorText.Invariant($"{tensor.Shape.Count}") : null);
        Refuse(model, ErrorText.Invariant($"with names of more than the {GgufLayout.LongestTensorName} bytes that GGUF has"),
            tensor => Encoding.UTF8.GetByteCount(tensor.Name) is > GgufLayout.LongestTensorName and int bytes ? ErrorText.Invariant($"{bytes}") : null);
    }

    /// <summary>Says what the settings tell of the model, and which rank it is if it is one.</summary>
    public static void AddMetadata(SafetensorsModel model, GgufContents contents)
    {
        if (ArchitectureOf(model) is { } architecture)
        {
            contents.Set(GgufLayout.ArchitectureKey, GgufValue.FromString(architecture));
        }

        contents.Set(NameKey, GgufValue.FromString(NameOf(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Path)))));
        foreach ((string key, string text) in RankMark.Of(model))
        {
            contents.Set(key, GgufValue.FromString(text));
        }
    }

    /// <summary>What a checkpoint calls its architecture; null if it does not say.</summary>
    public static string? ArchitectureOf(SafetensorsModel model) => model.Config?.ModelType ?? model.Config?.Architecture;

    /// <summary>The folder's name, or that of a file if it says more than that it is a model.</summary>
    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        if (Directory.Exists(path))
        {
            return name;
        }

        string stem = name.Split(".safetensors")[0];
        return stem == UsualStem && Path.GetFileName(Path.GetDirectoryName(path)) is { Length: > 0 } folder ? folder : stem;
    }

    private static void Refuse(SafetensorsModel model, string what, Func<SafetensorsTensor, string?> fault)
    {
        string[] refused = [.. model.Tensors.Where(tensor => fault(tensor) is not null).Select(tensor => $"{tensor.Name} ({fault(tensor)})")];
        if (refused.Length > 0)
        {
            throw new NotSupportedException(
                $"{ErrorText.EscapePath(model.Path)}: {ErrorText.Count(refused.Length, "tensor")} {what}: {ErrorText.QuoteAll(refused)}");
        }
    }
}
