using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Quant.Net.Tool.Bench;
using Quant.Net.Tool.Compare;
using Quant.Net.Tool.Dequantize;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Extract;
using Quant.Net.Tool.Formats;
using Quant.Net.Tool.Inspect;
using Quant.Net.Tool.Metadata;
using Quant.Net.Tool.Quantize;
using Quant.Net.Tool.Slice;
using Quant.Net.Tool.Split;
using Quant.Net.Tool.Verify;

namespace Quant.Net.Tool.Output;

/// <summary>
/// How results are written with <c>--json</c>. docs/json.md describes every key, and a test compares the two. The default
/// encoder escapes all that is not plain ASCII, so names from files cannot disturb a terminal here either.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    WriteIndented = true)]
[JsonSerializable(typeof(InspectResult))]
[JsonSerializable(typeof(DequantizeReport))]
[JsonSerializable(typeof(QuantizeReport))]
[JsonSerializable(typeof(ExtractReport))]
[JsonSerializable(typeof(CopyReport))]
[JsonSerializable(typeof(MetadataReport))]
[JsonSerializable(typeof(SliceReport))]
[JsonSerializable(typeof(RankReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(CompareReport))]
[JsonSerializable(typeof(FormatsResult))]
[JsonSerializable(typeof(DoctorResult))]
[JsonSerializable(typeof(BenchResult))]
internal sealed partial class ResultJson : JsonSerializerContext
{
    /// <summary>The version of the keys. Keys are only added while it stays the same.</summary>
    public const int Schema = 1;

    /// <summary>Writes a result and a line break.</summary>
    public static void Write<T>(ToolConsole console, T result, JsonTypeInfo<T> type) =>
        console.Out.WriteLine(JsonSerializer.Serialize(result, type));
}
