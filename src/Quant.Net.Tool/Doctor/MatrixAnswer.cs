namespace Quant.Net.Tool.Doctor;

/// <summary>A packed matrix and the weights that it must decode to.</summary>
/// <param name="Name">What it is called, after the file that it comes from.</param>
/// <param name="Layout">The layout's number; it may be one that the library does not know.</param>
/// <param name="Bits">Bits of a code.</param>
/// <param name="Rows">Output features.</param>
/// <param name="Columns">Input features.</param>
/// <param name="Codes">The packed weights.</param>
/// <param name="Scales">The scales.</param>
/// <param name="Weights">What they decode to, as float32, row by row.</param>
internal sealed record MatrixAnswer(
    string Name, PackedMatrixLayout Layout, int Bits, int Rows, int Columns, byte[] Codes, byte[] Scales, float[] Weights)
{
    public int GroupSize { get; init; }

    public int GroupRows { get; init; }

    public bool ZeroPlusOne { get; init; }

    public bool Padded { get; init; }

    public bool ScalesDivided { get; init; }

    public QuantFormat ScaleFormat { get; init; }

    public float GlobalScale { get; init; }

    public byte[] Zeros { get; init; } = [];

    public byte[] GroupIndex { get; init; } = [];

    public byte[] Levels { get; init; } = [];

    public byte[] ScaleLevels { get; init; } = [];

    public byte[] ScaleScales { get; init; } = [];

    public int ScaleGroup { get; init; }

    public float ScaleOffset { get; init; }

    /// <summary>The matrix as devices take it.</summary>
    public PackedMatrix Matrix => new()
    {
        Layout = Layout,
        Rows = Rows,
        Columns = Columns,
        GroupSize = GroupSize,
        GroupRows = GroupRows,
        Bits = Bits,
        ZeroPlusOne = ZeroPlusOne,
        Padded = Padded,
        ScalesDivided = ScalesDivided,
        ScaleFormat = ScaleFormat,
        GlobalScale = GlobalScale,
        Codes = Codes,
        Scales = Scales,
        Zeros = Zeros,
        GroupIndex = GroupIndex,
        Levels = Levels,
        ScaleLevels = ScaleLevels,
        ScaleScales = ScaleScales,
        ScaleGroup = ScaleGroup,
        ScaleOffset = ScaleOffset,
    };
}
