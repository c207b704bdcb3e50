using System.Runtime.InteropServices;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench.Matrices;

/// <summary>A packed matrix to measure: a layout as checkpoints use it, with random codes and scales of a usual size.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Bits">Bits of a code.</param>
/// <param name="GroupSize">Columns that share a scale, 0 for all.</param>
/// <param name="Rows">Output features.</param>
/// <param name="Columns">Input features.</param>
/// <param name="ActOrder">Whether a list names the group of each column.</param>
internal sealed record MatrixShape(
    PackedMatrixLayout Layout, int Bits, int GroupSize, long Rows, long Columns, bool ActOrder = false)
{
    // Of all layouts and bits; and rows in tiles of so many are decoded by vectors to the last one.
    private const int RowMultiple = 32;
    private const long MostColumns = 8192;
    private const long LeastColumns = 256;

    /// <summary>Its name in results, such as <c>GPTQ:4</c>.</summary>
    public string Name => Subjects.NameOf(Layout, Bits);

    /// <summary>Bytes of the codes.</summary>
    public long CodeBytes => Rows * Columns * Bits / 8;

    private long Groups => GroupSize == 0 ? 1 : Columns / GroupSize;

    // Words for the zero points of an output in AWQ's layout GEMV: eight in each. Groups of 128 need no more.
    private long GemvWidth => (Groups + 7) / 8;

    private bool MakesHalfScales => Layout is not (PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows
        or PackedMatrixLayout.Bnb4Bit or PackedMatrixLayout.LlmInt8);

    /// <summary>About square, with no more than 8192 columns.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="bits">Bits of a code.</param>
    /// <param name="weights">How many weights it has: a multiple of 32 Ki.</param>
    /// <param name="actOrder">Whether a list names the group of each column.</param>
    /// <exception cref="ToolException">There are more weights than an array has room for.</exception>
    public static MatrixShape Of(PackedMatrixLayoutInfo layout, int bits, long weights, bool actOrder = false)
    {
        if (weights > Array.MaxLength)
        {
            throw new ToolException($"--layout: a matrix of {weights} weights, expected at most {Array.MaxLength} (see --size)");
        }

        long columns = MostColumns;
        while (columns > LeastColumns && (weights % (columns * RowMultiple) != 0 || weights / columns < columns / 2))
        {
            columns /= 2;
        }

        return new MatrixShape(layout.Layout, bits, UsualGroup(layout.Layout), weights / columns, columns, actOrder);
    }

    /// <summary>Whether matrices of a layout may have a list of the groups of their columns.</summary>
    public static bool MayHaveActOrder(PackedMatrixLayout layout) => layout is PackedMatrixLayout.Gptq or PackedMatrixLayout.PackQuantized;

    /// <summary>How many rows or columns there are to decode.</summary>
    public long Lines(MatrixOrder order) => order == MatrixOrder.Rows ? Rows : Columns;

    /// <summary>The codes in memory that is written; all bits are random.</summary>
    public PageMemory MakeCodes()
    {
        var codes = new PageMemory(CodeBytes);
        codes.FillWith(RandomBytes());
        return codes;
    }

    /// <summary>Random bits; larger arrays repeat them.</summary>
    public byte[] RandomBytes()
    {
        byte[] piece = new byte[1 << 20];
        new Random(Bits).NextBytes(piece);
        return piece;
    }

    /// <summary>Scales that are 1 or near it, of the kind that the layout has.</summary>
    public byte[] MakeScales() => Layout switch
    {
        PackedMatrixLayout.Mxfp4Rows => Filled<byte>(Rows * Groups, 127),
        PackedMatrixLayout.Nvfp4Rows => Filled<byte>(Rows * Groups, 0x38),
        PackedMatrixLayout.Bnb4Bit => Filled(Rows * Groups, 1f),
        PackedMatrixLayout.LlmInt8 => Filled(Rows, 1f),
        PackedMatrixLayout.AwqGemv or PackedMatrixLayout.AwqGemvFast => Filled(Rows * GemvWidth * 8, (Half)0.5f),
        _ => Filled(Rows * Groups, (Half)0.5f),
    };

    /// <summary>Zero points, where the layout has them as a rule.</summary>
    public byte[] MakeZeros() => Layout switch
    {
        PackedMatrixLayout.Gptq or PackedMatrixLayout.AwqGemm => Filled<byte>(Rows * Groups * Bits / 8, 0x77),
        PackedMatrixLayout.AwqGemv => Filled<byte>(Rows * GemvWidth * 4, 0x77),
        PackedMatrixLayout.AwqGemvFast => Filled(Rows * GemvWidth * 8, (Half)(-3.5f)),
        _ => [],
    };

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

    /// <summary>The matrix of these arrays.</summary>
    public PackedMatrix View(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scales, ReadOnlySpan<byte> zeros, ReadOnlySpan<byte> groupIndex) => new()
    {
        Layout = Layout,
        Rows = Rows,
        Columns = Columns,
        GroupSize = GroupSize,
        Bits = Bits,
        ZeroPlusOne = Layout == PackedMatrixLayout.Gptq,
        ScaleFormat = MakesHalfScales ? QuantFormat.F16 : QuantFormat.F32,
        GlobalScale = Layout == PackedMatrixLayout.Nvfp4Rows ? 2 : 0,
        Codes = codes,
        Scales = scales,
        Zeros = zeros,
        GroupIndex = groupIndex,
        Levels = Layout == PackedMatrixLayout.Bnb4Bit ? Levels : default,
    };

    private static int UsualGroup(PackedMatrixLayout layout) => layout switch
    {
        PackedMatrixLayout.Int8 or PackedMatrixLayout.LlmInt8 => 0,
        PackedMatrixLayout.Mxfp4Rows => 32,
        PackedMatrixLayout.Nvfp4Rows => 16,
        PackedMatrixLayout.Bnb4Bit => 64,
        _ => 128,
    };

    // Sixteen evenly spaced values.
    private static ReadOnlySpan<byte> Levels => MemoryMarshal.AsBytes<float>(
        (float[])[-1, -.9f, -.8f, -.7f, -.6f, -.5f, -.4f, -.3f, .2f, .3f, .4f, .5f, .6f, .7f, .8f, .9f]);

    private static byte[] Filled<T>(long count, T value)
        where T : unmanaged
    {
        T[] all = new T[count];
        Array.Fill(all, value);
        return MemoryMarshal.AsBytes(all.AsSpan()).ToArray();
    }
}
