using System.Globalization;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>
/// What the shapes of a module's tensors do not say. A part stands alone, without <c>config.json</c>, so its file says it in
/// <c>__metadata__</c>; else the model's configuration does.
/// </summary>
internal sealed record ModuleFacts(
    PackedMatrixLayout? Layout, long? GroupSize, long? GroupRows, int? Bits, bool? Padded, string? CheckpointFormat)
{
    private const string Prefix = "quantnet.";
    private const string GroupSizeKey = Prefix + "group_size", GroupRowsKey = Prefix + "group_rows", BitsKey = Prefix + "bits",
        LayoutKey = Prefix + "layout", PaddedKey = Prefix + "padded", CheckpointFormatKey = Prefix + "checkpoint_format";

    private const string ZeroPlusOne = "gptq", ZeroAsIs = "gptq_v2";

    // Codes of compressed-tensors straddle words from this version on.
    private static readonly Version FirstDense = new(0, 18);

    /// <summary>Whether stored zero points of GPTQ are one less than meant, which they are where nothing is said; null: it is said, and is
    /// neither.</summary>
    public bool? IsZeroPlusOne => CheckpointFormat switch { null or ZeroPlusOne => true, ZeroAsIs => false, _ => null };

    /// <summary>What is said of a module whose codes are in a file. Sizes of 0 stand for all.</summary>
    public static ModuleFacts Read(SafetensorsModel model, SafetensorsFile file, string module)
    {
        QuantizationConfig? config = model.Quantization;
        ModuleSettings? settings = config?.For(module);
        return new ModuleFacts(
            LayoutIn(file) ?? LayoutIn(config),
            Number(file, GroupSizeKey) ?? settings?.BlockSize?.Columns ?? (settings?.GroupSize is { } size ? Math.Max(size, 0) : null),
            Number(file, GroupRowsKey) ?? settings?.BlockSize?.Rows,
            (int?)Number(file, BitsKey) ?? settings?.Bits,
            Number(file, PaddedKey) is { } padded ? padded != 0
                : Version.TryParse(config?.WriterVersion, out Version? version) ? version < FirstDense : null,
            file.Metadata.TryGetValue(CheckpointFormatKey, out string? format) ? format : config?.CheckpointFormat);
    }

    /// <summary>What the file of a part says of its matrix.</summary>
    public static IReadOnlyCollection<KeyValuePair<string, string>> Metadata(MatrixArrays matrix)
    {
        List<KeyValuePair<string, string>> facts =
        [
            new("format", "pt"),
            new(BitsKey, Text(matrix.Bits)),
            new(GroupRowsKey, Text(matrix.GroupRows)),
            new(GroupSizeKey, Text(matrix.GroupSize)),
            new(LayoutKey, matrix.Layout.ToString()),
            new(PaddedKey, Text(matrix.Padded ? 1 : 0)),
        ];
        if (matrix.Layout == PackedMatrixLayout.Gptq)
        {
            facts.Add(new(CheckpointFormatKey, matrix.ZeroPlusOne ? ZeroPlusOne : ZeroAsIs));
        }

        return facts;
    }

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
