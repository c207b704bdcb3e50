using Quant.Net.Slicing;
using static Quant.Net.Tests.Slicing.RandomMatrix;

namespace Quant.Net.Tests.Slicing;

public sealed class MatrixSlicerTests : IDisposable
{
    private readonly QuantDevice _device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });

    public static TheoryData<string> AllKinds => [.. Kinds().Select(kind => kind.ToString())];

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void PartsDecodeToPartsOfTheWhole(string name)
    {
        Kind kind = Kinds().Single(kind => kind.ToString() == name);
        Random random = new(kind.GetHashCode() & 7);
        for (int round = 0; round < 40; round++)
        {
            MatrixArrays matrix = Whole(kind, random);
            float[] whole = Decode(_device, matrix);
            foreach (MatrixAxis axis in Enum.GetValues<MatrixAxis>())
            {
                (long step, long least) = Steps(kind, axis);
                long length = axis == MatrixAxis.Output ? matrix.Rows : matrix.Columns;
                long count = least * random.NextInt64(1, (length / least) + 1);
                long first = random.NextInt64(0, ((length - count) / step) + 1) * step;
                MatrixArrays part = MatrixSlicer.Cut(matrix, MatrixCut.Range(axis, first, count))[0];
                AssertIsPart(whole, matrix.Columns, part, axis, first);
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void JoinedPartsDecodeToTheWhole(string name)
    {
        Kind kind = Kinds().Single(kind => kind.ToString() == name);
        Random random = new(5);
        for (int round = 0; round < 20; round++)
        {
            MatrixArrays matrix = Whole(kind, random);
            float[] whole = Decode(_device, matrix);
            foreach (MatrixAxis axis in Enum.GetValues<MatrixAxis>())
            {
                (_, long least) = Steps(kind, axis);
                long length = axis == MatrixAxis.Output ? matrix.Rows : matrix.Columns;
                List<MatrixArrays> parts = [];
                for (long first = 0, count; first < length; first += count)
                {
                    count = least * random.NextInt64(1, ((length - first) / least) + 1);
                    parts.Add(MatrixSlicer.Cut(matrix, MatrixCut.Range(axis, first, count))[0]);
                }

                MatrixArrays joined = MatrixSlicer.Concat(parts, axis);
                Assert.Equal((matrix.Rows, matrix.Columns), (joined.Rows, joined.Columns));
                Assert.Equal(Bits(whole), Bits(Decode(_device, joined)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void JoinedHalvesAreTheOriginalBytes(string name)
    {
        Kind kind = Kinds().Single(kind => kind.ToString() == name);
        long group = kind.Layout switch
        {
            PackedMatrixLayout.LlmInt8 => 0,
            PackedMatrixLayout.Nvfp4Rows => 16,
            _ => 32,
        };
        long groupRows = kind.Layout == PackedMatrixLayout.Float8 ? 16 : 0;
        MatrixArrays matrix = Make(kind, 64, 256, group, groupRows, new Random(3));
        foreach (MatrixAxis axis in Enum.GetValues<MatrixAxis>())
        {
            MatrixArrays joined = MatrixSlicer.Concat(MatrixSlicer.Cut(matrix, MatrixCut.Equal(axis, 2), GroupNumbering.Keep), axis);
            if (!HasPadding(kind))
            {
                Assert.Equal(matrix.Codes.ToArray(), joined.Codes.ToArray());
                Assert.Equal(matrix.Zeros.ToArray(), joined.Zeros.ToArray());
                Assert.Equal(matrix.Scales.ToArray(), joined.Scales.ToArray());
            }

            Assert.Equal(matrix.GroupIndex.ToArray(), joined.GroupIndex.ToArray());
            Assert.Equal((matrix.GroupSize, matrix.GroupRows), (joined.GroupSize, joined.GroupRows));
        }
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void HeadsAreDivided(string name)
    {
        Kind kind = Kinds().Single(kind => kind.ToString() == name);
        const int heads = 4, key = 12, value = 20;
        MatrixArrays matrix = Make(kind with { ActOrder = false }, heads * (key + value), 64, Group(kind), 0, new Random(4));
        if (heads * key % Steps(kind, MatrixAxis.Output).Least != 0)
        {
            Assert.Throws<ArgumentException>(() => MatrixSlicer.Cut(matrix, MatrixCut.Heads(MatrixAxis.Output, heads, [key, value])));
            return;
        }

        float[] whole = Decode(_device, matrix);
        IReadOnlyList<MatrixArrays> parts = MatrixSlicer.Cut(matrix, MatrixCut.Heads(MatrixAxis.Output, heads, [key, value]));
        float[] keys = Decode(_device, parts[0]), values = Decode(_device, parts[1]);
        for (int head = 0; head < heads; head++)
        {
            int from = head * (key + value) * 64;
            Assert.Equal(Bits(whole.AsSpan(from, key * 64)), Bits(keys.AsSpan(head * key * 64, key * 64)));
            Assert.Equal(Bits(whole.AsSpan(from + (key * 64), value * 64)), Bits(values.AsSpan(head * value * 64, value * 64)));
        }
    }

    // Keys and values of heads, put together head by head as their marks say.
    [Theory]
    [MemberData(nameof(AllKinds))]
    public void JoinedPartsOfHeadsDecodeToTheWhole(string name)
    {
        Kind kind = Kinds().Single(kind => kind.ToString() == name);
        int joined = 0;
        foreach (MatrixAxis axis in Enum.GetValues<MatrixAxis>())
        {
            foreach ((int heads, long key, long value) in new[] { (2, 64L, 32L), (3, 32L, 32L), (4, 16L, 32L) })
            {
                long length = heads * (key + value);
                (long rows, long columns) = axis == MatrixAxis.Output ? (length, 128L) : (64L, length);
                MatrixArrays matrix = Make(kind, rows, columns, kind.Layout == PackedMatrixLayout.LlmInt8 ? 0 : Group(kind), 0, new Random(heads));
                var cut = MatrixCut.Heads(axis, heads, [key, value]);
                IReadOnlyList<MatrixArrays> parts;
                try
                {
                    parts = MatrixSlicer.Cut(matrix, cut);
                }
                catch (ArgumentException)
                {
                    continue;   // the layout cannot hold such parts
                }

                (string, PartMark?, long)[] marks =
                    [.. cut.PartsOf(length).Select((ranges, part) => ($"{part}", (PartMark?)new PartMark("m", axis, ranges, length), ranges.Sum(range => range.Count)))];
                var joint = Joint.Of(marks, axis);
                Assert.Equal(2 * heads, joint.Pieces.Count);
                Assert.Empty(joint.Mark!.Metadata);
                MatrixArrays whole = MatrixSlicer.Join(parts, axis, joint.Pieces, ["keys", "values"]);
                Assert.Equal(Bits(Decode(_device, matrix)), Bits(Decode(_device, whole)));
                joined++;
            }
        }

        Assert.True(joined >= 3, $"{joined} joined");
    }

    [Fact]
    public void WhatALayoutCannotHoldIsRefusedWithTheNearestCuts()
    {
        MatrixArrays gptq = Make(new Kind(PackedMatrixLayout.Gptq, 4), 64, 64, 32, 0, new Random(1));
        Assert.Equal(
            "output features 4:16 are 12, expected a multiple of 8 as GPTQ of 4 bits holds it; nearest ends: 12 or 20",
            Assert.Throws<ArgumentException>(() => MatrixSlicer.Cut(gptq, MatrixCut.Range(MatrixAxis.Output, 4, 12))).Message);
        MatrixArrays mxfp4 = Make(new Kind(PackedMatrixLayout.Mxfp4Rows, 4), 8, 128, 32, 0, new Random(1));
        Assert.Contains(
            "nearest cuts: 0 or 32 and 64 or 96",
            Assert.Throws<ArgumentException>(() => MatrixSlicer.Cut(mxfp4, MatrixCut.Range(MatrixAxis.Input, 16, 64))).Message,
            StringComparison.Ordinal);
        Assert.Equal(
            "64 output features do not divide into 3 equal parts of a multiple of 8; nearest numbers of parts: 2 and 4",
            Assert.Throws<ArgumentException>(() => MatrixSlicer.Cut(gptq, MatrixCut.Equal(MatrixAxis.Output, 3))).Message);
        Assert.Equal(
            "64 output features do not divide into 16 equal parts of a multiple of 8; nearest number of parts: 8",
            Assert.Throws<ArgumentException>(() => MatrixSlicer.Cut(gptq, MatrixCut.Equal(MatrixAxis.Output, 16))).Message);
        Assert.Equal(
            "2 heads of 30 are 60 output features, expected 64",
            Assert.Throws<ArgumentException>(() => MatrixSlicer.Cut(gptq, MatrixCut.Heads(MatrixAxis.Output, 2, [10, 20]))).Message);
        Assert.Equal(
            "part 2: differs from the first part in layout: MXFP4_ROWS, expected GPTQ",
            Assert.Throws<ArgumentException>(() => MatrixSlicer.Concat([gptq, mxfp4], MatrixAxis.Input)).Message);
        Assert.Throws<ArgumentException>(() => MatrixSlicer.Concat([], MatrixAxis.Input));
        Assert.Throws<ArgumentException>(() => MatrixSlicer.Cut(gptq, MatrixCut.Range(MatrixAxis.Output, 0, 72)));
        Assert.Throws<NotSupportedException>(() => MatrixSlicer.Cut(
            gptq with { Layout = PackedMatrixLayout.Bnb4Bit }, MatrixCut.Range(MatrixAxis.Output, 0, 8)));
    }

    private void AssertIsPart(float[] whole, long columns, MatrixArrays part, MatrixAxis axis, long first)
    {
        float[] decoded = Decode(_device, part);
        (long row, long column) = axis == MatrixAxis.Output ? (first, 0L) : (0L, first);
        for (long r = 0; r < part.Rows; r++)
        {
            int from = (int)(((row + r) * columns) + column);
            Assert.Equal(
                Bits(whole.AsSpan(from, (int)part.Columns)), Bits(decoded.AsSpan((int)(r * part.Columns), (int)part.Columns)));
        }
    }

    /// <summary>A matrix of random shape and groups that this layout can have.</summary>
    private static MatrixArrays Whole(Kind kind, Random random)
    {
        long rows = Steps(kind, MatrixAxis.Output).Least * random.NextInt64(1, 9);
        bool isFixed = kind.Layout is PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows or PackedMatrixLayout.LlmInt8;
        long group = isFixed ? Group(kind) : 32 * random.NextInt64(1, 5);
        long columns = (group == 0 ? 8 : isFixed ? group : Math.Max(group, 64)) * random.NextInt64(1, 5);
        columns = kind.Layout == PackedMatrixLayout.AwqGemvFast ? 64 * columns / 32 : columns;
        long groupRows = kind.Layout is PackedMatrixLayout.Float8 or PackedMatrixLayout.Int8 ? random.NextInt64(0, 5) : 0;
        return Make(kind, rows, columns, group, groupRows, random);
    }

    /// <summary>Of what the beginning of a part, and its length, are multiples here.</summary>
    private static (long Step, long Least) Steps(Kind kind, MatrixAxis axis)
    {
        bool output = axis == MatrixAxis.Output;
        return kind.Layout switch
        {
            PackedMatrixLayout.Gptq => (1, kind.Bits switch { 2 => 16, 3 => 32, 4 => 8, _ => 4 }),
            PackedMatrixLayout.AwqGemm => output ? (1, 8) : (1, 1),
            PackedMatrixLayout.AwqGemv => output ? (1, 1) : (32, 32),
            PackedMatrixLayout.AwqGemvFast => output ? (1, 4) : (32, 64),
            PackedMatrixLayout.Mxfp4Rows => output ? (1, 1) : (32, 32),
            PackedMatrixLayout.Nvfp4Rows => output ? (1, 1) : (16, 16),
            _ => (1, 1),
        };
    }

    private static long Group(Kind kind) => kind.Layout switch
    {
        PackedMatrixLayout.LlmInt8 => 0,
        PackedMatrixLayout.Nvfp4Rows => 16,
        _ => 32,
    };

    /// <summary>Whether arrays have places that belong to no weight, with random bits in these tests.</summary>
    private static bool HasPadding(Kind kind) =>
        kind.Padded || kind.Layout is PackedMatrixLayout.AwqGemv or PackedMatrixLayout.AwqGemvFast or PackedMatrixLayout.PackQuantized;

    private static uint[] Bits(ReadOnlySpan<float> values) => System.Runtime.InteropServices.MemoryMarshal.Cast<float, uint>(values).ToArray();
}
