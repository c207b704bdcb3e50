using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Modules;

/// <summary>A file of tests/vectors/matrices, as a model whose settings say what its manifest knows.</summary>
internal sealed class MatrixVector : IDisposable
{
    private static readonly Lazy<JsonElement> Manifest = new(() => JsonDocument.Parse(
        File.ReadAllBytes(Repository.PathOf("tests", "vectors", "matrices", "manifest.json"))).RootElement.GetProperty("vectors"));

    private readonly TempFolder _folder = new();

    public MatrixVector(string file)
    {
        JsonElement facts = FactsOf(file);
        File.Copy(Repository.PathOf("tests", "vectors", "matrices", file), System.IO.Path.Combine(_folder.Path, "model.safetensors"));
        File.WriteAllText(
            System.IO.Path.Combine(_folder.Path, "config.json"),
            ConfigOf(Settings(facts)));
        Model = SafetensorsModel.Open(_folder.Path);
        ZeroWraps = facts.TryGetProperty("zero_wrap", out JsonElement wraps) && wraps.GetBoolean();
    }

    public static IEnumerable<string> Files => Manifest.Value.EnumerateArray().Select(vector => vector.GetProperty("file").GetString()!);

    public SafetensorsModel Model { get; }

    public bool ZeroWraps { get; }

    /// <summary>The decoded weights, float32, row by row.</summary>
    public unsafe float[] Expected
    {
        get
        {
            SafetensorsTensor expected = Model.Tensors["expected"];
            return MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(expected.Pointer, (int)expected.ByteLength)).ToArray();
        }
    }

    /// <summary>The <c>quantization_config</c> of a vector.</summary>
    public static JsonObject SettingsOf(string file) => Settings(FactsOf(file));

    /// <summary>A <c>config.json</c> with it.</summary>
    public static string ConfigOf(JsonObject settings) => new JsonObject { ["quantization_config"] = settings.DeepClone() }.ToJsonString();

    public void Dispose()
    {
        Model.Dispose();
        _folder.Dispose();
    }

    private static JsonElement FactsOf(string file) =>
        Manifest.Value.EnumerateArray().Single(vector => vector.GetProperty("file").GetString() == file);

    // What the projects that write such files put into config.json.
    private static JsonObject Settings(JsonElement facts)
    {
        string Text(string name) => facts.GetProperty(name).GetString()!;
        int? Number(string name) => facts.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;
        return Text("layout") switch
        {
            "gptq" => new JsonObject
            {
                ["quant_method"] = "gptq",
                ["bits"] = Number("bits"),
                ["group_size"] = Number("group_size"),
                ["checkpoint_format"] = Text("checkpoint_format"),
            },
            "awq" => new JsonObject
            {
                ["quant_method"] = "awq",
                ["bits"] = 4,
                ["group_size"] = Number("group_size"),
                ["version"] = Text("version"),
            },
            "compressed-tensors" => new JsonObject
            {
                ["quant_method"] = "compressed-tensors",
                ["format"] = Text("format"),
                ["config_groups"] = new JsonObject
                {
                    ["group_0"] = new JsonObject
                    {
                        ["weights"] = new JsonObject { ["num_bits"] = Number("bits"), ["group_size"] = Number("group_size") },
                    },
                },
            },
            "fp8" => new JsonObject
            {
                ["quant_method"] = "fp8",
                ["weight_block_size"] = facts.TryGetProperty("block", out JsonElement block) ? JsonNode.Parse(block.GetRawText()) : null,
            },
            "bitsandbytes" => new JsonObject { ["quant_method"] = "bitsandbytes" },
            string other => new JsonObject { ["quant_method"] = other },
        };
    }
}
