using System.Runtime.InteropServices;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>Models of several layers, in several files, with packed experts: decoded parts put together are the decoded whole.</summary>
public sealed class DeepRanksTests : IDisposable
{
    private readonly QuantDevice _device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });

    public static TheoryData<string, int> Divisions
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string family in DeepModel.Families)
            {
                foreach (int ranks in new[] { 2, 3, 4, 8 })
                {
                    data.Add(family, ranks);
                }
            }

            return data;
        }
    }

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Divisions))]
    public async Task DecodedPartsPutTogetherAreTheDecodedWhole(string family, int ranks)
    {
        int keyValueHeads = ranks == 3 ? 3 : 4;   // cut among 2, 3 and 4 ranks, shared two by two by 8
        var deep = new DeepModel(family, keyValueHeads);
        using var folder = new TempFolder();
        using SafetensorsModel model = deep.Write(folder);
        Assert.True(model.Files.Count > 3);
        using var output = new TempFolder();
        await ModelConverter.SliceAsync(
            TensorParallelPlan.Make(model, ranks), output["out"], new TensorParallelOptions { MaxShardBytes = DeepModel.ShardBytes });

        Dictionary<string, float[]> whole = Decode(model);
        bool hasSeveralFiles = false;
        for (int rank = 0; rank < ranks; rank++)
        {
            using SafetensorsModel part = SafetensorsModel.Open(output[$"out/rank-{rank}-of-{ranks}"]);
            Assert.Equal(model.Tensors.Select(tensor => tensor.Name).Order(), part.Tensors.Select(tensor => tensor.Name).Order());
            hasSeveralFiles |= part.Files.Count > 1;
            Dictionary<string, float[]> own = Decode(part);
            foreach (DeepWeight weight in deep.Weights)
            {
                Assert.True(Part(weight, whole[weight.Name], rank, ranks, keyValueHeads).AsSpan().SequenceEqual(Bits(own[weight.Name])), $"{weight.Name} of rank {rank}");
            }
        }

        Assert.True(hasSeveralFiles);
    }

    /// <summary>The bits that a rank should have of a weight.</summary>
    private static uint[] Part(DeepWeight weight, float[] whole, int rank, int ranks, int keyValueHeads)
    {
        bool isShared = weight.Share == Share.KeyOutputs && keyValueHeads < ranks;
        (int parts, int at) = weight.Share == Share.All ? (1, 0)
            : isShared ? (keyValueHeads, rank / (ranks / keyValueHeads))
            : (ranks, rank);
        int columns = weight.Shape.Length == 1 ? 1 : (int)weight.Shape[^1];
        int rows = weight.Shape.Length == 1 ? (int)weight.Shape[0] : (int)weight.Shape[^2];
        int matrices = whole.Length / rows / columns;
        bool byInputs = weight.Share == Share.Inputs;
        (int partRows, int partColumns) = byInputs ? (rows, columns / parts) : ((rows + parts - 1) / parts, columns);
        uint[] bits = Bits(whole), part = new uint[matrices * partRows * partColumns];
        for (int i = 0; i < part.Length; i++)
        {
            (int matrix, int row, int column) = (i / partColumns / partRows, i / partColumns % partRows, i % partColumns);
            (row, column) = byInputs ? (row, column + (at * partColumns)) : (row + (at * partRows), column);
            part[i] = row < rows ? bits[(((matrix * rows) + row) * columns) + column] : 0;   // tokens that do not exist
        }

        return part;
    }

    private Dictionary<string, float[]> Decode(SafetensorsModel model)
    {
        var weights = new Dictionary<string, float[]>();
        foreach (PackedModule module in PackedModule.Find(model))
        {
            float[] decoded = new float[module.Rows * module.Columns];
            module.Dequantize(_device, MatrixOrder.Rows, 0, module.Rows, decoded);
            weights.Add(module.Name, decoded);
        }

        foreach (SafetensorsTensor tensor in model.Tensors.Where(tensor => tensor.Type == SafetensorsType.F32))
        {
            weights.Add(tensor.Name, MemoryMarshal.Cast<byte, float>(tensor.GetSpan(0, tensor.RowCount)).ToArray());
        }

        return weights;
    }

    private static uint[] Bits(float[] values) => MemoryMarshal.Cast<float, uint>(values).ToArray();
}
