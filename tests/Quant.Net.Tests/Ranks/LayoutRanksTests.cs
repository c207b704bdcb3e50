using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Modules;

namespace Quant.Net.Tests.Ranks;

/// <summary>The known answers of every layout, as a module of a model that is divided: what a plan calls possible is, and decodes to the parts.</summary>
public sealed class LayoutRanksTests : IDisposable
{
    private readonly QuantDevice _device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });

    // gpt-oss has its own architecture; FamilyRanksTests divides it.
    public static TheoryData<string> Files =>
        new(MatrixVector.Files.Where(name => !name.StartsWith("mxfp4-gpt-oss", StringComparison.Ordinal)));

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task PossiblePlansMakeThePartsOfTheKnownAnswer(string name)
    {
        using var vector = new MatrixVector(name);
        var options = new PackedModuleOptions { ZeroWraps = vector.ZeroWraps };
        PackedModule known = Assert.Single(PackedModule.Find(vector.Model, options));
        float[] whole = Decode(known);
        foreach ((string place, bool isInput) in new[] { ("up_proj", false), ("down_proj", true) })
        {
            using var folder = new TempFolder();
            FamilyTensor[] tensors = [.. vector.Model.Tensors.Where(tensor => Owns(known, tensor)).Select(tensor => Rename(tensor, known.Name, place))];
            using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4, tensors, MatrixVector.SettingsOf(name).ToJsonString());
            foreach (int ranks in new[] { 1, 2, 3, 4, 8 })
            {
                TensorParallelPlan plan = TensorParallelPlan.Make(model, ranks);
                using var output = new TempFolder();
                if (!plan.IsPossible)
                {
                    await Assert.ThrowsAsync<NotSupportedException>(() => ModelConverter.SliceAsync(plan, output["out"]));
                    continue;
                }

                await ModelConverter.SliceAsync(plan, output["out"]);
                for (int rank = 0; rank < ranks; rank++)
                {
                    using SafetensorsModel opened = SafetensorsModel.Open(output[$"out/rank-{rank}-of-{ranks}"]);
                    AssertIsPart(whole, known, Assert.Single(PackedModule.Find(opened, options)), rank, ranks, isInput);
                }
            }
        }
    }

    // As a whole its shape is that of padded words alone; halves of its rows could be either, and no version tells.
    [Fact]
    public void PartsWhosePackingNothingTellsAreRefused()
    {
        const string Name = "ct-pack-b3-g24-asym-padded.safetensors";
        using var vector = new MatrixVector(Name);
        PackedModule known = Assert.Single(PackedModule.Find(vector.Model));
        using var folder = new TempFolder();
        FamilyTensor[] tensors = [.. vector.Model.Tensors.Where(tensor => Owns(known, tensor)).Select(tensor => Rename(tensor, known.Name, "down_proj"))];
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4, tensors, MatrixVector.SettingsOf(Name).ToJsonString());
        string? problem = Assert.Single(TensorParallelPlan.Make(model, 2).Entries).Problem;
        Assert.Contains("the 3-bit codes of ", problem, StringComparison.Ordinal);
        Assert.Contains("may be packed in two ways", problem, StringComparison.Ordinal);
    }

    private static bool Owns(PackedModule module, SafetensorsTensor tensor) => tensor.Name.StartsWith(module.Name + ".", StringComparison.Ordinal);

    private static FamilyTensor Rename(SafetensorsTensor tensor, string module, string place)
    {
        byte[] data = new byte[tensor.ByteLength];
        tensor.Read(0, data);
        return new($"model.layers.0.mlp.{place}{tensor.Name[module.Length..]}", 0, [.. tensor.Shape]) { Type = tensor.Type, Data = data };
    }

    private void AssertIsPart(float[] whole, PackedModule known, PackedModule part, int rank, int ranks, bool isInput)
    {
        (int rows, int columns) = ((int)known.Rows / (isInput ? 1 : ranks), (int)known.Columns / (isInput ? ranks : 1));
        Assert.Equal((rows, columns), (part.Rows, part.Columns));
        float[] own = Decode(part);
        int first = isInput ? rank * columns : rank * rows * columns;
        for (int row = 0; row < rows; row++)
        {
            Assert.Equal(Bits(whole.AsSpan(first + (row * (int)known.Columns), columns)), Bits(own.AsSpan(row * columns, columns)));
        }
    }

    private float[] Decode(PackedModule module)
    {
        float[] weights = new float[module.Rows * module.Columns];
        module.Dequantize(_device, MatrixOrder.Rows, 0, module.Rows, weights);
        return weights;
    }

    /// <summary>The bits of floats; any NaN is as good as another.</summary>
    private static uint[] Bits(ReadOnlySpan<float> values) =>
        [.. values.ToArray().Select(value => float.IsNaN(value) ? uint.MaxValue : BitConverter.SingleToUInt32Bits(value))];
}
