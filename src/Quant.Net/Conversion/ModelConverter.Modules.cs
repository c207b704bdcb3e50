using Quant.Net.Conversion;
using Quant.Net.Modules;
using Quant.Net.Safetensors;

namespace Quant.Net;

// Safetensors models with packed modules.
public static partial class ModelConverter
{
    /// <summary>
    /// Writes a safetensors model with its packed modules decoded: module M (<c>M.qweight</c> and others) becomes the tensor
    /// <c>M.weight</c>, [out, in]. All other tensors are copied as they are.
    /// </summary>
    /// <remarks>
    /// Into a folder, the model is written so that programs load it as they load the packed one: <c>config.json</c> says the type of the
    /// weights and no quantization, and else the same; tokenizers and other small files are copied. Experts that are in one tensor become
    /// [experts, in, out] there, as the transformers library has them in plain models, and [experts, out, in] in a file.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="outputPath">A <c>.safetensors</c> file; any other name is that of a folder, which may not exist yet. It appears when all of
    /// it is written.</param>
    /// <param name="options">The type of the weights and more; scales of others and going on after an interruption are not for
    /// these models.</param>
    /// <param name="device">The device that decodes.</param>
    /// <param name="modules">How to read what writers of packed checkpoints disagree about; null: the defaults.</param>
    /// <param name="progress">Told how far the work is.</param>
    /// <param name="cancellationToken">Stops it, and leaves nothing.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">Options that do not fit, or names that match nothing.</exception>
    /// <exception cref="ModelFormatException">Tensors of a module do not fit together.</exception>
    /// <exception cref="NotSupportedException">A module is packed in a way that the library does not know.</exception>
    /// <exception cref="OutputExistsException">There is an output already.</exception>
    /// <exception cref="OverflowException">A weight is infinite as f16, and options are strict.</exception>
    /// <exception cref="IOException">Reading or writing failed.</exception>
    public static Task<DequantizeResult> DequantizeAsync(
        SafetensorsModel model, string outputPath, DequantizeOptions options, QuantDevice device, PackedModuleOptions? modules = null,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        bool isFolder = !outputPath.EndsWith(SafetensorsHeader.Extension, StringComparison.OrdinalIgnoreCase);
        RequireOptions(options, ModelContainer.Safetensors);
        if (options.ApplyScales || options.Resume || (isFolder && Path.GetExtension(outputPath).Equals(".gguf", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException(
                "Safetensors models are decoded to .safetensors files and folders, without ApplyScales and Resume.", nameof(options));
        }

        return Task.Run(
            () =>
            {
                var conversion = new ModuleConversion(
                    model, options, modules ?? new PackedModuleOptions(), device, turnsExperts: isFolder, progress, cancellationToken);
                if (!isFolder)
                {
                    return conversion.Run(outputPath);
                }

                using var folder = new DecodedFolder(model, outputPath);
                return folder.Write(options.OutputType, conversion.Run, cancellationToken);
            },
            cancellationToken);
    }
}
