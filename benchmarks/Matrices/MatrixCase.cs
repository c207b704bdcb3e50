using System.Runtime.InteropServices;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Matrices;

/// <summary>A packed matrix to measure: a layout as checkpoints use it, with random codes and scales of a usual size.</summary>
/// <param name="Name">What it is called on the page.</param>
/// <param name="Layout">The layout.</param>
/// <param name="Bits">Bits of a code.</param>
/// <param name="GroupSize">Columns that share a scale, 0 for all.</param>
/// <param name="ActOrder">Whether a list names the group of each column.</param>
internal sealed record MatrixCase(string Name, PackedMatrixLayout Layout, int Bits, int GroupSize, bool ActOrder = false)
{
    public const long Rows = 4096;
    public const long Columns = 8192;

    public static IReadOnlyList<MatrixCase> All { get; } =
    [
        new("GPTQ 4 bits", PackedMatrixLayout.Gptq, 4, 128),
        new("GPTQ 4 bits, act-order", PackedMatrixLayout.Gptq, 4, 128, ActOrder: true),
        new("GPTQ 8 bits", PackedMatrixLayout.Gptq, 8, 128),
        new("GPTQ 8 bits, act-order", PackedMatrixLayout.Gptq, 8, 128, ActOrder: true),
        new("GPTQ 3 bits", PackedMatrixLayout.Gptq, 3, 128),
        new("GPTQ 2 bits", PackedMatrixLayout.Gptq, 2, 128),
        new("AWQ GEMM", PackedMatrixLayout.AwqGemm, 4, 128),
        new("AWQ GEMV", PackedMatrixLayout.AwqGemv, 4, 128),
        new("pack-quantized 4 bits", PackedMatrixLayout.PackQuantized, 4, 32),
        new("pack-quantized 8 bits", PackedMatrixLayout.PackQuantized, 8, 128),
        new("INT8", PackedMatrixLayout.Int8, 8, 0),
        new("FP8", PackedMatrixLayout.Float8, 8, 128),
        new("MXFP4", PackedMatrixLayout.Mxfp4Rows, 4, 32),
        new("NVFP4", PackedMatrixLayout.Nvfp4Rows, 4, 16),
        new("NF4", PackedMatrixLayout.Bnb4Bit, 4, 64),
        new("LLM.int8", PackedMatrixLayout.LlmInt8, 8, 0),
    ];

    public long Weights => Rows * Columns;

    public long Groups => GroupSize == 0 ? 1 : Columns / GroupSize;

    public bool MakesHalfScales => Layout is not (PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows
        or PackedMatrixLayout.Bnb4Bit or PackedMatrixLayout.LlmInt8);

    public bool HasZeros => Layout is PackedMatrixLayout.Gptq or PackedMatrixLayout.AwqGemm or PackedMatrixLayout.AwqGemv;

    /// <summary>The codes in memory that is written; all bits are random.</summary>
    public PageMemory MakeCodes()
    {
        var codes = new PageMemory(Weights * Bits / 8);
        byte[] piece = new byte[1 << 20];
        new Random(Bits).NextBytes(piece);
        codes.FillWith(piece);
        return codes;
    }

    /// <summary>Scales that are 1 or near it, of the kind that the layout has.</summary>
    public byte[] MakeScales() => Layout switch
    {
        PackedMatrixLayout.Mxfp4Rows => Filled<byte>(Rows * Groups, 127),
        PackedMatrixLayout.Nvfp4Rows => Filled<byte>(Rows * Groups, 0x38),
        PackedMatrixLayout.Bnb4Bit => Filled(Rows * Groups, 1f),
        PackedMatrixLayout.LlmInt8 => Filled(Rows, 1f),
        _ => Filled(Rows * Groups, (Half)0.5f),
    };

    /// <summary>Zero points, where the layout of the case has them.</summary>
    public byte[] MakeZeros() => HasZeros ? Filled<byte>(Rows * Groups * Bits / 8, 0x77) : [];

    /// <summary>The groups of the columns in no order, if there is a list of them.</summary>
    public byte[] MakeGroupIndex()
    {
        if (!ActOrder)
        {
            return [];
        }

        int[] groups = [.. Enumerable.Range(0, (int)Columns).Select(column => column / GroupSize)];
        new Random(1).Shuffle(groups);
        return MemoryMarshal.AsBytes(groups.AsSpan()).ToArray();
    }

    private static byte[] Filled<T>(long count, T value)
        where T : unmanaged
    {
        T[] all = new T[count];
        Array.Fill(all, value);
        return MemoryMarshal.AsBytes(all.AsSpan()).ToArray();
    }
}
