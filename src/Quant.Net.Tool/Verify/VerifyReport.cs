using System.Globalization;
using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Verify;

/// <summary>What <c>quantnet verify</c> found.</summary>
/// <param name="Input">The model; of parts the whole.</param>
/// <param name="Files">Its files, or those of the parts; none if it could not be opened.</param>
/// <param name="Tensors">The number of its tensors.</param>
/// <param name="Bytes">Bytes of tensor data that were read.</param>
/// <param name="Sound">Whether there is no defect.</param>
/// <param name="Defects">What is wrong.</param>
/// <param name="Hashes">The hashes that were asked for.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Device">The device that decoded, or null if nothing was.</param>
/// <param name="Kernels">The kernels that did the work.</param>
/// <param name="Warnings">Oddities that do no harm.</param>
internal sealed record VerifyReport(
    string Input,
    IReadOnlyList<string> Files,
    int Tensors,
    long Bytes,
    bool Sound,
    IReadOnlyList<Defect> Defects,
    IReadOnlyList<TensorHash> Hashes,
    double Seconds,
    DeviceFacts? Device,
    IReadOnlyList<string> Kernels,
    IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;

    /// <summary>The parts that were compared with the model; null if it was checked itself.</summary>
    public IReadOnlyList<string>? Parts { get; init; }

    /// <summary>Whether tensors were compared with a manifest: which of them differ is what was asked for, so all are shown.</summary>
    [JsonIgnore]
    public bool NamesEachTensor { get; init; }

    public static VerifyReport Of(
        string input, IReadOnlyList<string> files, long bytes, VerifyResult result, VerifyOptions options, DeviceFacts? device) => new(
        input,
        files,
        result.Tensors.Count,
        bytes,
        result.IsSound,
        [
            .. result.Tensors.Where(check => check.NonFiniteCount > 0).Select(Defect.Of),
            .. result.Faults.Select(fault => new Defect(null, null, fault)),
        ],
        options.Hash ? [.. result.Tensors.Select(check => new TensorHash(check.Name, check.Sha256!))] : [],
        result.Elapsed.TotalSeconds,
        device,
        result.Kernels,
        result.Warnings)
        {
            NamesEachTensor = options.Manifest is not null,
        };

    /// <summary>What comparing parts with a model found.</summary>
    public static VerifyReport Of(
        string original, IReadOnlyList<string> parts, IReadOnlyList<string> files, PartsVerifyResult result, DeviceFacts device) => new(
        original,
        files,
        result.TensorCount,
        result.BytesRead,
        result.IsSound,
        [.. result.Faults.Select(fault => new Defect(null, null, fault)), .. result.Differences.Select(Defect.Of)],
        [],
        result.Elapsed.TotalSeconds,
        device,
        result.Kernels,
        result.Warnings)
        {
            Parts = parts,
        };

    /// <summary>A model that could not be opened or not be read to its end.</summary>
    public static VerifyReport Of(string input, string fault) =>
        new(input, [], 0, 0, false, [new Defect(null, null, fault)], [], 0, null, [], []);
}

/// <summary>Something that is wrong.</summary>
/// <param name="Tensor">The tensor, or null where the problem says which.</param>
/// <param name="Row">The first row that is concerned, or null.</param>
/// <param name="Problem">What is wrong, in one line.</param>
internal sealed record Defect(string? Tensor, long? Row, string Problem)
{
    /// <summary>The part that differs.</summary>
    public string? Part { get; init; }

    /// <summary>The first column that differs in the row.</summary>
    public long? Column { get; init; }

    /// <summary>Its bits, in hexadecimal.</summary>
    public string? Found { get; init; }

    /// <summary>The bits that the whole has there.</summary>
    public string? Expected { get; init; }

    public static Defect Of(PartsDifference difference)
    {
        string found = Hexadecimal(difference.Found, difference.ValueBytes), expected = Hexadecimal(difference.Expected, difference.ValueBytes);
        string count = $"{Quantity.Count(difference.Count)} of {Quantity.Count(difference.ElementCount, "value")} differ";
        return new(
            difference.Tensor,
            difference.Row,
            $"{difference.Path}: {count}, the first in column {difference.Column}: {found}, expected {expected}")
        {
            Part = difference.Path,
            Column = difference.Column,
            Found = found,
            Expected = expected,
        };
    }

    public static Defect Of(TensorCheck check) => new(
        check.Name,
        check.FirstNonFiniteRow,
        $"{Quantity.Count(check.NonFiniteCount, "weight")} of {Quantity.Count(check.ElementCount)} NaN or infinite");

    private static string Hexadecimal(ulong bits, int bytes) => "0x" + bits.ToString($"x{2 * bytes}", CultureInfo.InvariantCulture);
}

/// <summary>The hash of a tensor's packed bytes.</summary>
/// <param name="Tensor">Its name.</param>
/// <param name="Sha256">The hash.</param>
internal sealed record TensorHash(string Tensor, string Sha256);
