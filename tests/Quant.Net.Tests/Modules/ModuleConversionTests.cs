using System.Runtime.InteropServices;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Safetensors;

namespace Quant.Net.Tests.Modules;

/// <summary>Models with packed modules, decoded to files: whatever stands beside the modules, and in whatever order.</summary>
public sealed class ModuleConversionTests : IDisposable
{
    private const string Awq = "awq-gemm-g32.safetensors", First = "first", Second = "second";

    private readonly QuantDevice _device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });

    public static TheoryData<string> Vectors => new(MatrixVector.Files);

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task EveryLayoutIsDecodedBesidePlainTensors(string file)
    {
        using var vector = new MatrixVector(file);
        var options = new PackedModuleOptions { ZeroWraps = vector.ZeroWraps };
        PackedModule module = Assert.Single(PackedModule.Find(vector.Model, options));
        using var folder = new TempFolder();
        await ModelConverter.DequantizeAsync(
            vector.Model, folder["out.safetensors"], new DequantizeOptions { OutputType = QuantFormat.F16 }, _device, options);

        // The answer, of four bytes, comes before the weights of two.
        var output = new PlainSafetensors(folder["out.safetensors"]);
        Assert.Equal("expected", output.Names[0]);
        Assert.Equal(MemoryMarshal.AsBytes(vector.Expected.AsSpan()).ToArray(), output.Tensors["expected"].Data);
        Assert.Equal(Decode(module, QuantFormat.F16), output.Tensors[module.WeightName].Data);
    }

    [Theory]
    [InlineData(QuantFormat.F32)]
    [InlineData(QuantFormat.F16)]
    [InlineData(QuantFormat.BF16)]
    public async Task ModulesAndPlainTensorsMayBeInAnyOrder(QuantFormat type)
    {
        Dictionary<string, PlainSafetensors.Tensor>[] parts =
        [
            Module(First), Module(Second), Plain("words", "I64", 8), Plain("floats", "F32", 4), Plain("bytes", "U8", 1), Plain("none", "F16", 2, count: 0),
        ];
        foreach (Dictionary<string, PlainSafetensors.Tensor>[] order in Orders(parts))
        {
            foreach (bool sharded in new[] { false, true })
            {
                await AssertDecodesAsync(order.SelectMany(part => part).ToDictionary(), type, sharded);
            }
        }
    }

    private async Task AssertDecodesAsync(Dictionary<string, PlainSafetensors.Tensor> tensors, QuantFormat type, bool sharded)
    {
        using var folder = new TempFolder();
        Write(folder, tensors, sharded);
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        using var output = new TempFolder();
        DequantizeResult result = await ModelConverter.DequantizeAsync(
            model, output["out.safetensors"], new DequantizeOptions { OutputType = type, MaxShardBytes = sharded ? 64 : null, ChunkBytes = 1000 }, _device);

        // Each has a file of its own, but the one that has no bytes.
        Assert.Equal(sharded ? 5 : 1, result.Files.Count(file => file.EndsWith(".safetensors", StringComparison.Ordinal)));
        var found = result.Files.Where(file => file.EndsWith(".safetensors", StringComparison.Ordinal))
            .SelectMany(file => new PlainSafetensors(file).Tensors).ToDictionary();
        string[] plain = [.. tensors.Keys.Where(name => !name.Contains('.', StringComparison.Ordinal))];
        Assert.Equal([.. plain.Append($"{First}.weight").Append($"{Second}.weight").Order()], found.Keys.Order());
        Assert.All(plain, name => Assert.Equal(tensors[name].Data, found[name].Data));
        Assert.All(PackedModule.Find(model), module => Assert.Equal(Decode(module, type), found[module.WeightName].Data));
    }

    // Each part in each place, with the others before and behind it in both directions.
    private static IEnumerable<T[]> Orders<T>(T[] parts) => Enumerable.Range(0, parts.Length)
        .Select(start => parts[start..].Concat(parts[..start]).ToArray())
        .SelectMany(order => new[] { order, [.. order.Reverse()] });

    private static Dictionary<string, PlainSafetensors.Tensor> Module(string name) => new MalformedModule(Awq).Tensors
        .ToDictionary(tensor => tensor.Key.Replace("layer", name, StringComparison.Ordinal), tensor => tensor.Value);

    private static Dictionary<string, PlainSafetensors.Tensor> Plain(string name, string type, int bytes, int count = 40)
    {
        byte[] data = new byte[count * bytes];
        new Random(bytes).NextBytes(data);
        return new() { [name] = new PlainSafetensors.Tensor(type, [count], data) };
    }

    private static void Write(TempFolder folder, Dictionary<string, PlainSafetensors.Tensor> tensors, bool sharded)
    {
        folder.Write("config.json", System.Text.Encoding.UTF8.GetBytes(MatrixVector.ConfigOf(MatrixVector.SettingsOf(Awq))));
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            folder["model.safetensors"], new SafetensorsWriterOptions { MaxShardBytes = sharded ? 1000 : null });
        foreach ((string name, PlainSafetensors.Tensor tensor) in tensors)
        {
            writer.AddTensor(name, Enum.Parse<SafetensorsType>(tensor.Type), tensor.Shape);
        }

        foreach ((string name, PlainSafetensors.Tensor tensor) in tensors)
        {
            writer.Write(name, tensor.Data);
        }

        writer.Complete();
    }

    private byte[] Decode(PackedModule module, QuantFormat type) => type switch
    {
        QuantFormat.F32 => Decode<float>(module, weights => module.Dequantize(_device, MatrixOrder.Rows, 0, module.Rows, weights)),
        QuantFormat.F16 => Decode<Half>(module, weights => module.Dequantize(_device, MatrixOrder.Rows, 0, module.Rows, weights)),
        _ => Decode<BFloat16>(module, weights => module.Dequantize(_device, MatrixOrder.Rows, 0, module.Rows, weights)),
    };

    private static byte[] Decode<T>(PackedModule module, Action<T[]> decode)
        where T : unmanaged
    {
        var weights = new T[module.Rows * module.Columns];
        decode(weights);
        return MemoryMarshal.AsBytes(weights.AsSpan()).ToArray();
    }
}
