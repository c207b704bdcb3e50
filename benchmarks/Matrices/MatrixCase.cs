using Quant.Net.Tool.Bench.Matrices;

namespace Quant.Net.Benchmarks.Matrices;

/// <summary>A packed matrix to measure: a layout as checkpoints use it.</summary>
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

    /// <summary>The matrix itself.</summary>
    public MatrixShape Shape => new(Layout, Bits, GroupSize, Rows, Columns, ActOrder);
}
