using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Verify;

/// <summary>Opens a model and its parts, and compares them.</summary>
internal static class PartsExamination
{
    /// <summary>Does it. A model or part that cannot be opened, or not be read to its end, is what was asked about: no failure.</summary>
    /// <exception cref="UsageException">The parts are of another kind than the original.</exception>
    public static async Task<VerifyReport> RunAsync(
        string original, string[] parts, PartsVerifyOptions options, QuantDevice device,
        Func<Func<IProgress<ConversionProgress>?, Task<PartsVerifyResult>>, Task<PartsVerifyResult>> watch, CancellationToken cancellation)
    {
        bool isSafetensors = ModelArgument.IsSafetensors(original);
        var open = new List<IDisposable>();
        try
        {
            if (parts.FirstOrDefault(part => ModelArgument.IsSafetensors(part) != isSafetensors) is { } odd)
            {
                ModelArgument.RequireModelIn(original);
                ModelArgument.RequireModelIn(odd);
                throw new UsageException($"'{odd}' is {Kind(!isSafetensors)}, expected {Kind(isSafetensors)} as --against '{original}' is");
            }

            return isSafetensors ? await CompareSafetensorsAsync() : await CompareGgufAsync();
        }
        catch (Exception fault) when (fault is ModelFormatException or FileNotFoundException or EndOfStreamException)
        {
            return VerifyReport.Of(original, fault.Message) with { Parts = parts };
        }
        finally
        {
            open.ForEach(model => model.Dispose());
        }

        async Task<VerifyReport> CompareSafetensorsAsync()
        {
            SafetensorsModel whole = Keep(SafetensorsModel.Open(original));
            SafetensorsModel[] models = [.. parts.Select(part => Keep(SafetensorsModel.Open(part)))];
            PartsVerifyResult result = await watch(progress => ModelVerifier.VerifyPartsAsync(whole, models, options, device, progress, cancellation));
            return VerifyReport.Of(original, parts, [.. models.SelectMany(model => model.Files).Select(file => file.Path)], result, DeviceFacts.Of(device));
        }

        async Task<VerifyReport> CompareGgufAsync()
        {
            GgufFile whole = Keep(GgufFile.Open(original));
            GgufFile[] models = [.. parts.Select(part => Keep(GgufFile.Open(part)))];
            PartsVerifyResult result = await watch(progress => ModelVerifier.VerifyPartsAsync(whole, models, options, device, progress, cancellation));
            return VerifyReport.Of(original, parts, [.. models.SelectMany(model => model.Parts).Select(file => file.Path)], result, DeviceFacts.Of(device));
        }

        T Keep<T>(T model)
            where T : IDisposable
        {
            open.Add(model);
            return model;
        }
    }

    private static string Kind(bool isSafetensors) => isSafetensors ? "safetensors" : "GGUF";
}
