using System.Globalization;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>
/// How a model says it was quantized: <c>quantization_config</c> in its <c>config.json</c>, or a file of its own. Tools have different
/// names for the same things; here they have one. What is not said is null.
/// </summary>
public sealed class QuantizationConfig
{
    internal const string ConfigKey = "quantization_config";

    /// <summary>The names of files that AutoGPTQ and GPTQModel, and AutoAWQ, write.</summary>
    internal static readonly IReadOnlyList<string> FileNames = ["quantize_config.json", "quant_config.json"];

    private const string MethodKey = "quant_method", AwqBitsKey = "w_bit", AwqZeroKey = "zero_point";
    private const int MostBits = 16;

    private readonly QuantizationRules _rules;

    private QuantizationConfig(string source, Settings settings)
    {
        Source = source;
        Method = (settings.Text(MethodKey) ?? GuessMethod(settings))?.ToLowerInvariant();
        IReadOnlyList<Settings> groups = settings.Objects("config_groups");
        Settings? weights = groups is [Settings only] ? only.Object("weights") : null;

        _rules = QuantizationRules.Of(settings, Method);
        Bits = Bounded(settings, "bits") ?? Bounded(settings, AwqBitsKey) ?? (weights is null ? null : Bounded(weights, "num_bits"))
            ?? (settings.Flag("load_in_4bit") == true ? 4 : settings.Flag("load_in_8bit") == true ? 8 : null);
        GroupSize = Group(settings, "group_size") ?? Group(settings, "q_group_size")
            ?? (weights is null ? null : Group(weights, "group_size"));
        IsSymmetric = settings.Flag("sym") ?? !settings.Flag(AwqZeroKey) ?? weights?.Flag("symmetric");
        IsActOrder = ActOrder(settings) ?? (weights is null ? null : ActOrder(weights));
        WriterVersion = Method == "compressed-tensors" ? settings.Text("version") : null;
        BlockSize = Block(settings, "weight_block_size") ?? (weights is null ? null : Block(weights, "block_structure"));
        CheckpointFormat = (Method switch
        {
            "awq" => settings.Text("version"),
            "fp8" => settings.Text("fmt"),
            "bitsandbytes" => settings.Text("bnb_4bit_quant_type"),
            _ => settings.Text("checkpoint_format") ?? settings.Text("format"),
        })?.ToLowerInvariant();
    }

    /// <summary>The file that says it, and the key in it if it says other things too.</summary>
    public string Source { get; }

    /// <summary>The method in lower case: "gptq", "awq", "compressed-tensors", "fp8", "mxfp4", "bitsandbytes" or another.</summary>
    public string? Method { get; }

    /// <summary>Bits of a packed weight.</summary>
    public int? Bits { get; }

    /// <summary>Weights that share a scale; -1: all of a column.</summary>
    public int? GroupSize { get; }

    /// <summary>Whether the codes are symmetric, and zero points say nothing.</summary>
    public bool? IsSymmetric { get; }

    /// <summary>Whether GPTQ took the columns in the order of their activations, so that <c>g_idx</c> says which group one is in.</summary>
    public bool? IsActOrder { get; }

    /// <summary>
    /// How the packed tensors are laid out, in lower case: "gptq", "gptq_v2", AWQ's "gemm" and "gemv", "pack-quantized", "e4m3", "nf4".
    /// </summary>
    public string? CheckpointFormat { get; }

    /// <summary>The version of the tool that packed the weights, where it says one.</summary>
    internal string? WriterVersion { get; }

    /// <summary>Rows and columns of a block of weights that share a scale.</summary>
    internal (int Rows, int Columns)? BlockSize { get; }

    /// <summary>What a settings object says.</summary>
    /// <exception cref="ModelFormatException">A value has a wrong type, or is impossible.</exception>
    internal static QuantizationConfig Of(string source, Settings settings) => new(source, settings);

    /// <summary>What is said of one module: what is said of all, but for the first rule that names it.</summary>
    /// <exception cref="ModelFormatException">The rules cannot be read.</exception>
    internal ModuleSettings For(string module)
    {
        ModuleSettings all = new(Source, Bits, GroupSize, IsSymmetric, IsActOrder, BlockSize);
        return _rules.Find(module) is { } rule ? rule.ApplyTo(all) : all;
    }

    /// <summary>What this and another say differently, such as <c>bits 4 and 8</c>; null if nothing.</summary>
    internal string? DifferenceTo(QuantizationConfig other)
    {
        List<string> differences = [];
        Compare("method", Method, other.Method);
        Compare("bits", Bits, other.Bits);
        Compare("group size", GroupSize, other.GroupSize);
        Compare("symmetric", IsSymmetric, other.IsSymmetric);
        Compare("act-order", IsActOrder, other.IsActOrder);
        Compare("checkpoint format", CheckpointFormat, other.CheckpointFormat);
        return differences.Count == 0 ? null : string.Join(", ", differences);

        void Compare<T>(string what, T? mine, T? others)
        {
            if (mine is not null && others is not null && !mine.Equals(others))
            {
                differences.Add(ErrorText.Invariant($"{what} {ErrorText.Escape($"{mine}", 40)} and {ErrorText.Escape($"{others}", 40)}"));
            }
        }
    }

    /// <summary>Of compressed-tensors only "group" has a list of groups; with "weight" columns are in order.</summary>
    internal static bool? ActOrder(Settings settings) =>
        settings.Flag("desc_act") ?? (settings.IsText("actorder") && settings.Text("actorder") == "group" ? true : null);

    internal static int? Bounded(Settings settings, string key) => settings.Number(key) is not { } bits ? null
        : bits is >= 1 and <= MostBits ? bits
        : throw settings.Fault(key, $"is {bits}, expected 1 to {MostBits}");

    internal static int? Group(Settings settings, string key) => settings.Number(key) is not { } size ? null
        : size is -1 or >= 1 ? size
        : throw settings.Fault(key, $"is {size}, expected -1 or a positive number");

    internal static (int Rows, int Columns)? Block(Settings settings, string key)
    {
        // A list of two numbers; older versions of compressed-tensors wrote "128x128".
        IReadOnlyList<long> size = settings.IsText(key)
            ? [.. settings.Text(key)!.Split('x').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long n) ? n : 0)]
            : settings.Numbers(key);
        return size.Count == 0 ? null
            : size is [>= 1 and <= int.MaxValue, >= 1 and <= int.MaxValue] ? ((int)size[0], (int)size[1])
            : throw settings.Fault(key, $"is [{string.Join(", ", size)}], expected two positive numbers");
    }

    /// <summary>Files that say nothing of a method are older than that key, and are told apart by others.</summary>
    private static string? GuessMethod(Settings settings) =>
        settings.Has(AwqBitsKey) || settings.Has(AwqZeroKey) ? "awq" : settings.Has("desc_act") ? "gptq" : null;
}
