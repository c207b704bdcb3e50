using System.Globalization;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>
/// What the shapes of a module's tensors do not say. A part stands alone, without <c>config.json</c>, so its file says it in
/// <c>__metadata__</c>; else the model's configuration does.
/// </summary>
internal sealed record ModuleFacts(PackedMatrixLayout? Layout, long? GroupSize, long? GroupRows, int? Bits, bool? Padded)
{
    private const string Prefix = "quantnet.";
    private const string GroupSizeKey = Prefix + "group_size", GroupRowsKey = Prefix + "group_rows", BitsKey = Prefix + "bits",
        LayoutKey = Prefix + "layout", PaddedKey = Prefix + "padded";

    /// <summary>What is said of a module whose codes are in a file.</summary>
    public static ModuleFacts Read(SafetensorsModel model, SafetensorsFile file) => new(
        LayoutIn(file) ?? LayoutIn(model.Quantization),
        Number(file, GroupSizeKey) ?? (model.Quantization?.GroupSize is { } size ? Math.Max(size, 0) : null),
        Number(file, GroupRowsKey),
        (int?)Number(file, BitsKey) ?? model.Quantization?.Bits,
        Number(file, PaddedKey) is { } padded ? padded != 0 : null);

    /// <summary>What the file of a part says of its matrix.</summary>
    public static IReadOnlyCollection<KeyValuePair<string, string>> Metadata(MatrixArrays matrix) =>
    [
        new("format", "pt"),
        new(BitsKey, Text(matrix.Bits)),
        new(GroupRowsKey, Text(matrix.GroupRows)),
        new(GroupSizeKey, Text(matrix.GroupSize)),
        new(LayoutKey, matrix.Layout.ToString()),
        new(PaddedKey, Text(matrix.Padded ? 1 : 0)),
    ];

    private static PackedMatrixLayout? LayoutIn(SafetensorsFile file) => !file.Metadata.TryGetValue(LayoutKey, out string? text) ? null
        : Enum.GetValues<PackedMatrixLayout>().Cast<PackedMatrixLayout?>().FirstOrDefault(layout => $"{layout}" == text)
        ?? throw ModelFormatException.In(file.Path, $"{LayoutKey} is {ErrorText.Quote(text)}, which is none");

    private static PackedMatrixLayout? LayoutIn(QuantizationConfig? config) => (config?.Method, config?.CheckpointFormat) switch
    {
        ("gptq", _) => PackedMatrixLayout.Gptq,
        ("awq", "gemm") => PackedMatrixLayout.AwqGemm,
        ("awq", "gemv") => PackedMatrixLayout.AwqGemv,
        ("awq", "gemv_fast") => PackedMatrixLayout.AwqGemvFast,
        _ => null,
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long? Number(SafetensorsFile file, string key) => !file.Metadata.TryGetValue(key, out string? text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
        : throw ModelFormatException.In(file.Path, $"{key} is {ErrorText.Quote(text)}, expected a number from 0");
}
