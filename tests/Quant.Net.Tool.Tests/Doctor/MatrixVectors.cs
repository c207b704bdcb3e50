using System.Runtime.InteropServices;
using System.Text.Json;
using Quant.Net.Safetensors;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Doctor;

/// <summary>
/// Answers from tests/vectors/matrices: for each layout and each number of bits one with whole tiles, and one of each other kind.
/// </summary>
internal static class MatrixVectors
{
    private static readonly string[] Files =
    [
        "gptq-b2-g32-v1-act",
        "gptq-b2-g32-ones",
        "gptq-b3-g32-v1-act",
        "gptq-b3-g32-ones",
        "gptq-b4-g32-v1-act",
        "gptq-b4-g32-poison",
        "gptq-b8-g32-v1-act",
        "gptq-b8-g32-ones",
        "awq-gemm-g32",
        "awq-gemv-g64",
        "awq-gemv_fast-g64",
        "ct-pack-b1-g32-asym-f16",
        "ct-pack-b2-g32-asym-f16",
        "ct-pack-b3-g24-asym-padded",
        "ct-pack-b3-g32-dense",
        "ct-pack-b4-g32-act",
        "ct-pack-b4-g32-asym-f16",
        "ct-pack-b5-g32-dense",
        "ct-pack-b6-g32-dense",
        "ct-pack-b7-g32-dense",
        "ct-pack-b8-g32-asym-f16",
        "ct-int8-channel-asym",
        "fp8-all-codes",
        "fp8-block-f32",
        "mxfp4-ct",
        "nvfp4-ct",
        "nvfp4-modelopt-small",
        "bnb-nf4-64",
        "bnb-nf4-64-double",
        "bnb-int8",
    ];

    public static IReadOnlyList<MatrixAnswer> Answers() => [.. Files.Select(Read)];

    private static MatrixAnswer Read(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Repository.PathOf($"tests/vectors/matrices/{name}.safetensors"));
        var parts = new Parts(file);
        JsonElement facts = JsonDocument.Parse(file.Metadata["facts"]).RootElement;
        MatrixAnswer answer = Text(facts, "layout") switch
        {
            "gptq" => parts.Answer(PackedMatrixLayout.Gptq, Number(facts, "bits"), "qweight", "scales") with
            {
                ZeroPlusOne = Text(facts, "checkpoint_format") == "gptq",
                Zeros = parts.Bytes("qzeros"),
                GroupIndex = facts.GetProperty("act_order").GetBoolean() ? parts.Bytes("g_idx") : [],
            },
            "awq" => parts.Answer(AwqLayout(Text(facts, "version")), 4, "qweight", "scales") with { Zeros = parts.Bytes("qzeros") },
            "compressed-tensors" when Text(facts, "format") == "int-quantized" =>
                parts.Answer(PackedMatrixLayout.Int8, 8, "weight", "weight_scale") with { Zeros = parts.Bytes("weight_zero_point") },
            "compressed-tensors" => parts.Answer(PackedMatrixLayout.PackQuantized, Number(facts, "bits"), "weight_packed", "weight_scale") with
            {
                Padded = Text(facts, "packing") == "padded",
                Zeros = parts.Bytes("weight_zero_point"),
                GroupIndex = parts.Bytes("weight_g_idx"),
            },
            "fp8" => Float8(parts, facts),
            "mxfp4" => parts.Answer(PackedMatrixLayout.Mxfp4Rows, 4, "weight_packed", "weight_scale") with { GroupSize = 32 },
            "nvfp4" => NvFloat4(parts, Text(facts, "format") == "modelopt"),
            "bitsandbytes" when Text(facts, "quant_type") == "int8" => parts.Answer(PackedMatrixLayout.LlmInt8, 8, "weight", "SCB"),
            _ => Levels(parts, Text(facts, "quant_type")),
        };
        return answer with
        {
            Name = name,
            GroupSize = facts.TryGetProperty("group_size", out JsonElement size) && size.ValueKind == JsonValueKind.Number ? size.GetInt32()
                : answer.GroupSize,
        };
    }

    private static PackedMatrixLayout AwqLayout(string version) => version switch
    {
        "gemm" => PackedMatrixLayout.AwqGemm,
        "gemv" => PackedMatrixLayout.AwqGemv,
        _ => PackedMatrixLayout.AwqGemvFast,
    };

    private static MatrixAnswer Float8(Parts parts, JsonElement facts)
    {
        MatrixAnswer answer = parts.Answer(PackedMatrixLayout.Float8, 8, "weight", "weight_scale");
        return facts.TryGetProperty("block", out JsonElement block)
            ? answer with { GroupRows = block[0].GetInt32(), GroupSize = block[1].GetInt32() }
            : answer with { GroupRows = answer.Rows };
    }

    private static MatrixAnswer NvFloat4(Parts parts, bool isModelOpt)
    {
        MatrixAnswer answer = parts.Answer(PackedMatrixLayout.Nvfp4Rows, 4, isModelOpt ? "weight" : "weight_packed", "weight_scale");
        byte[] scale = parts.Bytes(isModelOpt ? "weight_scale_2" : "weight_global_scale");
        return answer with { GroupSize = 16, GlobalScale = BitConverter.ToSingle(scale), ScalesDivided = !isModelOpt };
    }

    private static MatrixAnswer Levels(Parts parts, string type)
    {
        JsonElement state = JsonDocument.Parse(parts.Bytes($"weight.quant_state.bitsandbytes__{type}")).RootElement;
        bool isDouble = state.TryGetProperty("nested_blocksize", out JsonElement scaleGroup);
        return parts.Answer(PackedMatrixLayout.Bnb4Bit, 4, "weight", "weight.absmax") with
        {
            GroupSize = state.GetProperty("blocksize").GetInt32(),
            Levels = parts.Bytes("weight.quant_map"),
            ScaleLevels = parts.Bytes("weight.nested_quant_map"),
            ScaleScales = parts.Bytes("weight.nested_absmax"),
            ScaleGroup = isDouble ? scaleGroup.GetInt32() : 0,
            ScaleOffset = isDouble ? (float)state.GetProperty("nested_offset").GetDouble() : 0,
        };
    }

    private static string Text(JsonElement facts, string key) => facts.GetProperty(key).GetString()!;

    private static int Number(JsonElement facts, string key) => facts.GetProperty(key).GetInt32();

    /// <summary>The tensors of a file.</summary>
    private sealed class Parts(SafetensorsFile file)
    {
        public MatrixAnswer Answer(PackedMatrixLayout layout, int bits, string codes, string scales)
        {
            SafetensorsTensor expected = file.Tensors["expected"];
            float[] weights = MemoryMarshal.Cast<byte, float>(Bytes(expected)).ToArray();
            QuantFormat format = file.Tensors[$"layer.{scales}"].Format ?? default;
            return new MatrixAnswer("", layout, bits, (int)expected.Shape[0], (int)expected.Shape[1], Bytes(codes), Bytes(scales), weights)
            {
                ScaleFormat = format,
            };
        }

        /// <summary>The bytes of a tensor; none if there is none of this name.</summary>
        public byte[] Bytes(string name) => file.Tensors.TryGet($"layer.{name}", out SafetensorsTensor? tensor) ? Bytes(tensor) : [];

        private static byte[] Bytes(SafetensorsTensor tensor)
        {
            byte[] bytes = new byte[tensor.ByteLength];
            tensor.Read(0, bytes);
            return bytes;
        }
    }
}
