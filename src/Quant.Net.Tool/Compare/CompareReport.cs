using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Compare;

/// <summary>What <c>quantnet compare</c> found.</summary>
/// <param name="Original">The model that errors are counted from.</param>
/// <param name="Model">The model that has the errors.</param>
/// <param name="Good">Whether all tensors were compared, none has a larger error than it may, and none is NaN or infinite where the other is not.</param>
/// <param name="Total">All tensors together.</param>
/// <param name="Types">The tensors of each type.</param>
/// <param name="Tensors">The tensors.</param>
/// <param name="OnlyInOriginal">Tensors that the model lacks.</param>
/// <param name="OnlyInModel">Tensors that only it has.</param>
/// <param name="Faults">Why tensors that both have could not be compared.</param>
/// <param name="Exceeding">Tensors whose errors are larger than they may be.</param>
/// <param name="BytesRead">Bytes of both models that were read.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Device">The device that decoded.</param>
/// <param name="Kernels">The kernels that did the work.</param>
/// <param name="Warnings">What is odd about the models.</param>
internal sealed record CompareReport(
    string Original,
    string Model,
    bool Good,
    TotalFacts Total,
    IReadOnlyList<TypeErrors> Types,
    IReadOnlyList<TensorErrors> Tensors,
    IReadOnlyList<string> OnlyInOriginal,
    IReadOnlyList<string> OnlyInModel,
    IReadOnlyList<string> Faults,
    IReadOnlyList<string> Exceeding,
    long BytesRead,
    double Seconds,
    DeviceFacts Device,
    IReadOnlyList<string> Kernels,
    IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;

    /// <summary>The page that was written; null if none was asked for.</summary>
    public string? Page { get; init; }

    public static CompareReport Of(
        string original, string model, CompareResult result, double? maxError, string? page, DeviceFacts device)
    {
        string[] exceeding = [.. result.Tensors.Where(tensor => maxError is { } most && !tensor.Error.IsWithin(most)).Select(tensor => tensor.Name)];
        return new CompareReport(
            original,
            model,
            result.IsComplete && exceeding.Length == 0 && result.Total.NonFiniteErrorCount == 0,
            new TotalFacts(
                result.Tensors.Count, result.Tensors.Sum(tensor => tensor.OriginalBytes), result.Tensors.Sum(tensor => tensor.OtherBytes),
                ErrorFacts.Of(result.Total)),
            [.. result.Formats.Select(format => new TypeErrors(
                format.Format, format.TensorCount, format.OtherBytes, BitsPerWeight(format.OtherBytes, format.Error), ErrorFacts.Of(format.Error)))],
            [.. result.Tensors.Select(TensorErrors.Of)],
            result.OnlyInOriginal,
            result.OnlyInOther,
            result.Faults,
            exceeding,
            result.BytesRead,
            result.Elapsed.TotalSeconds,
            device,
            result.Kernels,
            result.Warnings)
        {
            Page = page,
        };
    }

    /// <summary>What <see cref="NonFiniteErrors"/> are, for a title.</summary>
    public const string NonFiniteErrorsTitle = "NaN or infinite, and not the same in both";

    /// <summary>The tensors with errors that no figure shows, because they are no numbers; each with how many, and where the first is.</summary>
    public IEnumerable<string> NonFiniteErrors() => Tensors
        .Where(tensor => tensor.Error.NonFiniteErrors > 0)
        .Select(tensor => $"{tensor.Name} ({Quantity.Count(tensor.Error.NonFiniteErrors, "weight")}, " +
            $"the first in row {Quantity.Count(tensor.NonFiniteErrorAt![0])}, column {Quantity.Count(tensor.NonFiniteErrorAt[1])})");

    /// <summary>Bits of the file for one value.</summary>
    public static double BitsPerWeight(long bytes, ErrorStatistics error) => error.Count == 0 ? 0 : 8.0 * bytes / error.Count;
}

/// <summary>All tensors that were compared.</summary>
internal sealed record TotalFacts(int Tensors, long OriginalBytes, long Bytes, ErrorFacts Error);

/// <summary>The tensors of a type.</summary>
internal sealed record TypeErrors(string Type, int Tensors, long Bytes, double BitsPerWeight, ErrorFacts Error);

/// <summary>A tensor.</summary>
internal sealed record TensorErrors(
    string Name, string OriginalType, string Type, IReadOnlyList<long> Shape, long Bytes, double BitsPerWeight, ErrorFacts Error,
    IReadOnlyList<RowFacts> WorstRows)
{
    /// <summary>The row and column of the largest error; null if there is none.</summary>
    public IReadOnlyList<long>? MaxErrorAt { get; init; }

    /// <summary>The row and column of the first weight that is NaN or infinite and not the same in both; null if there is none.</summary>
    public IReadOnlyList<long>? NonFiniteErrorAt { get; init; }

    public static TensorErrors Of(TensorComparison tensor)
    {
        long columns = tensor.Shape.Count == 0 ? 1 : tensor.Shape[^1];
        return new TensorErrors(
            tensor.Name, tensor.OriginalFormat, tensor.OtherFormat, tensor.Shape, tensor.OtherBytes,
            CompareReport.BitsPerWeight(tensor.OtherBytes, tensor.Error), ErrorFacts.Of(tensor.Error),
            [.. tensor.WorstRows.Select(row => new RowFacts(row.Row, row.Rmse, row.RelativeError))])
        {
            MaxErrorAt = Place(tensor.Error.MaxErrorIndex),
            NonFiniteErrorAt = Place(tensor.Error.FirstNonFiniteErrorIndex),
        };

        long[]? Place(long index) => index < 0 ? null : [index / columns, index % columns];
    }
}

/// <summary>A row with its error.</summary>
internal sealed record RowFacts(long Row, double Rmse, double RelativeError);

/// <summary>Errors, as <see cref="ErrorStatistics"/> has them.</summary>
internal sealed record ErrorFacts(
    long Parameters, long Identical, long NonFinite, long NonFiniteErrors, double Rmse, double RelativeError, double MaxError, double Cosine, double Sqnr,
    IReadOnlyList<BinFacts> Histogram)
{
    public static ErrorFacts Of(ErrorStatistics error) => new(
        error.Count, error.IdenticalCount, error.NonFiniteCount, error.NonFiniteErrorCount, error.Rmse, error.RelativeError, error.MaxError, error.Cosine, error.SignalToNoise,
        [.. error.Histogram.Select(bin => new BinFacts(bin.From, bin.Count))]);
}

/// <summary>How many errors are at least so large, and less than twice that.</summary>
internal sealed record BinFacts(double From, long Count);
