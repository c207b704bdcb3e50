using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary>Memory and time do not depend on the size of the model. The models are holes in sparse files.</summary>
public class AnySizeTests
{
    private const int F32 = 0, F16 = 1, PackedShards = 100, SmallSize = 4096;
    private const long RowLength = 4096, GiB = 1L << 30, MB = 1_000_000;

    [LinuxFact]
    public void AModelOf400GigabytesIsInspectedInLittleMemory()
    {
        using var folder = new TemporaryFolder();
        var model = new TinyGguf();
        for (int i = 0; i < 373; i++)
        {
            model.AddHole($"blk.{i}.weight", F16, [RowLength, GiB / 2 / RowLength], GiB);
        }

        string path = model.Write(folder["m.gguf"]);
        Assert.True(new FileInfo(path).Length > 400_000 * MB);
        var clock = Stopwatch.StartNew();
        (ToolResult result, long resident, _) = MemoryWatch.Run("inspect", path, "--json");

        Assert.Equal((0, 373), (result.ExitCode, result.Json.Number("tensorCount")));
        Assert.InRange(resident, 1, 150 * MB);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));   // 0.3 s where nothing else runs
    }

    [LinuxFact]
    public void AFolderOf400GigabytesIsInspectedInLittleMemory()
    {
        const int Shards = 80, TensorsPerShard = 5;
        using var folder = new TemporaryFolder();
        var map = new Dictionary<string, string>();
        for (int shard = 0; shard < Shards; shard++)
        {
            string[] names = [.. Enumerable.Range(0, TensorsPerShard).Select(i => $"model.layers.{shard}.{i}.qweight")];
            string file = $"model-{shard + 1:D5}-of-{Shards:D5}.safetensors";
            IEnumerable<string> entries = names.Select((name, i) =>
                $$"""
                "{{name}}":{"dtype":"I32","shape":[{{GiB / 4 / RowLength}},{{RowLength}}],"data_offsets":[{{i * GiB}},{{(i + 1) * GiB}}]}
                """);
            byte[] header = Encoding.UTF8.GetBytes($"{{{string.Join(',', entries)}}}");
            using FileStream stream = File.Create(folder[file]);
            stream.Write(BitConverter.GetBytes((long)header.Length));
            stream.Write(header);
            stream.SetLength(stream.Position + (TensorsPerShard * GiB));
            Array.ForEach(names, name => map.Add(name, file));
        }

        File.WriteAllText(folder["model.safetensors.index.json"], JsonSerializer.Serialize(new Dictionary<string, object> { ["weight_map"] = map }));
        var clock = Stopwatch.StartNew();
        (ToolResult result, long resident, _) = MemoryWatch.Run("inspect", folder[""], "--json");

        Assert.Equal((0, Shards * TensorsPerShard), (result.ExitCode, result.Json.Number("tensorCount")));
        Assert.True(result.Json.GetProperty("fileBytes").GetInt64() > 400_000 * MB);
        Assert.InRange(resident, 1, 150 * MB);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [LinuxFact]
    public void PackedModulesIn400GigabytesAreInspectedAndCutInLittleMemory()
    {
        using var folder = new TemporaryFolder();
        string last = WritePackedModules(folder);
        var clock = Stopwatch.StartNew();
        (ToolResult inspected, long resident, _) = MemoryWatch.Run("inspect", folder[""], "--json");
        Assert.Equal((0, PackedShards * 3), (inspected.ExitCode, inspected.Json.Number("tensorCount")));
        Assert.True(inspected.Json.GetProperty("fileBytes").GetInt64() > 400_000 * MB);
        Assert.InRange(resident, 1, 150 * MB);

        (ToolResult cut, _, long anonymous) = MemoryWatch.Run(
            "slice", folder[""], "--module", last, "--axis", "out", "--parts", "2", "-o", folder["up.safetensors"], "-q");
        Assert.Equal((0, ""), (cut.ExitCode, cut.Error));
        Assert.InRange(anonymous, 1, 300 * MB);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(40));
        Assert.InRange(new FileInfo(folder["up-2-of-2.safetensors"]).Length, SmallSize * SmallSize / 4, SmallSize * SmallSize / 3);
    }

    [LinuxFact]
    public void WhatIsWrongWithFilesIn400GigabytesIsFoundWithoutReadingThem()
    {
        using var folder = new TemporaryFolder();
        WritePackedModules(folder);
        string path = folder[$"model-{PackedShards:D5}-of-{PackedShards:D5}.safetensors"];
        using (FileStream stream = File.Open(path, FileMode.Open))
        {
            stream.SetLength(stream.Length - 1);
        }

        var clock = Stopwatch.StartNew();
        (ToolResult result, long resident, _) = MemoryWatch.Run("verify", folder[""], "--json", "-q");
        Assert.Equal(1, result.ExitCode);
        string problem = Assert.Single(result.Json.List("defects")).Text("problem")!;
        Assert.StartsWith(path, problem, StringComparison.Ordinal);
        Assert.Contains("truncated", problem, StringComparison.Ordinal);
        Assert.InRange(resident, 1, 150 * MB);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    // Everything is read, as fast as one thread gets it: some 1 GB/s of holes, so these are few.
    [LongFact]
    public void PackedModulesIn17GigabytesAreVerifiedInLittleMemory()
    {
        using var folder = new TemporaryFolder();
        WritePackedModules(folder, shards: 5);
        (ToolResult result, _, long anonymous) = MemoryWatch.Run("verify", folder[""], "--json", "-q");
        Assert.Equal(0, result.ExitCode);
        Assert.True(result.Json.GetProperty("bytes").GetInt64() > 17_000 * MB);
        Assert.InRange(anonymous, 1, 300 * MB);
    }

    [LinuxFact]
    public void WholeModelsAreDecodedInLittleMemory() => DecodeInLittleMemory(GiB / 2);

    [LongFact]
    public void AModelOf8GiBIsDecodedInLittleMemory() => DecodeInLittleMemory(8 * GiB);

    [LongFact]
    public void ATensorOf8GiBGoesThroughEveryCommand()
    {
        using var folder = new TemporaryFolder();
        string model = Hole(folder, 8 * GiB);
        foreach (string[] command in new string[][]
        {
            ["verify", model],
            ["extract", model, "--tensor", "big.weight", "-o", folder["out.bin"]],
            ["extract", model, "--tensor", "big.weight", "-o", folder["out.npy"], "--type", "f16"],
            ["split", model, "-o", folder["part"], "--max-size", "1GB"],
            ["merge", folder["part-00001-of-00001.gguf"], "-o", folder["out.gguf"]],
        })
        {
            (ToolResult result, _, long anonymous) = MemoryWatch.Run([.. command, "-q"]);
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
            Assert.InRange(anonymous, 1, 300 * MB);
            folder.Names.Where(name => name.StartsWith("out.", StringComparison.Ordinal)).ToList().ForEach(name => File.Delete(folder[name]));
        }
    }

    [LinuxFact]
    public void QuantizingTakesLittleMemory()
    {
        using var folder = new TemporaryFolder();
        string model = Hole(folder, GiB, F16, sizeof(ushort));
        (ToolResult result, long resident, _) = MemoryWatch.Run("quantize", model, "-o", folder["out.gguf"], "Q8_0", "-q");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.InRange(resident, 1, GiB / 4);
    }

    /// <summary>A folder of shards with a GPTQ module of 4 bits in each, in groups of 128.</summary>
    /// <returns>The last module, which is small.</returns>
    private static string WritePackedModules(TemporaryFolder folder, int shards = PackedShards)
    {
        const long Inputs = 1 << 16, Outputs = 1 << 17;
        var map = new Dictionary<string, string>();
        for (int shard = 0; shard < shards; shard++)
        {
            (long inputs, long outputs) = shard == shards - 1 ? (SmallSize, SmallSize) : (Inputs, Outputs);
            string file = $"model-{shard + 1:D5}-of-{shards:D5}.safetensors", module = $"model.layers.{shard}.mlp.up_proj";
            (string Part, string Type, long Rows, long Columns, int Size)[] tensors =
            [
                ("qweight", "I32", inputs / 8, outputs, 4), ("qzeros", "I32", inputs / 128, outputs / 8, 4), ("scales", "F16", inputs / 128, outputs, 2),
            ];
            long offset = 0;
            List<string> entries = [];
            foreach ((string part, string type, long rows, long columns, int size) in tensors)
            {
                long end = offset + (rows * columns * size);
                entries.Add($$"""
                    "{{module}}.{{part}}":{"dtype":"{{type}}","shape":[{{rows}},{{columns}}],"data_offsets":[{{offset}},{{end}}]}
                    """);
                map.Add($"{module}.{part}", file);
                offset = end;
            }

            byte[] header = Encoding.UTF8.GetBytes($"{{{string.Join(',', entries)}}}");
            using FileStream stream = File.Create(folder[file]);
            stream.Write(BitConverter.GetBytes((long)header.Length));
            stream.Write(header);
            stream.SetLength(stream.Position + offset);
        }

        File.WriteAllText(folder["model.safetensors.index.json"], JsonSerializer.Serialize(new Dictionary<string, object> { ["weight_map"] = map }));
        File.WriteAllText(
            folder["config.json"], """{"model_type":"x","quantization_config":{"quant_method":"gptq","bits":4,"group_size":128,"desc_act":false}}""");
        return $"model.layers.{shards - 1}.mlp.up_proj";
    }

    private static void DecodeInLittleMemory(long bytes)
    {
        using var folder = new TemporaryFolder();
        string model = Hole(folder, bytes);
        (ToolResult result, _, long anonymous) = MemoryWatch.Run("dequantize", model, "-o", folder["out.safetensors"], "-q");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.InRange(new FileInfo(folder["out.safetensors"]).Length, bytes / 2, (bytes / 2) + 1000);
        Assert.InRange(anonymous, 1, 300 * MB);
    }

    private static string Hole(TemporaryFolder folder, long bytes, int type = F32, int size = sizeof(float)) =>
        new TinyGguf().AddHole("big.weight", type, [RowLength, bytes / size / RowLength], bytes).Write(folder["m.gguf"]);
}
