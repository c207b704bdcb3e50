using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Doctor;

/// <summary>
/// Makes the answers that are built into the tool: three blocks of each format in tests/vectors, those made by hand,
/// some of the matrices of tests/vectors/matrices, and two rows encoded to each format.
/// </summary>
internal static class AnswerMaker
{
    /// <summary>What the reference was; tests/vectors/README.md says more.</summary>
    private const string Origin = "ggml 0.21.0 (llama.cpp 3f545beccee6, 2026-08-22); tests/vectors/make for matrices";

    // Formats without blocks are cut into pieces of this many values.
    private const int PlainPiece = 32;

    /// <summary>The file that is built into the tool.</summary>
    public static byte[] Make() => Make([.. FromVectors(), .. HandMadeAnswers.All()], MatrixVectors.Answers(), EncodingVectors.Answers());

    /// <summary>A file of the answers given.</summary>
    public static byte[] Make(
        IReadOnlyList<KnownAnswer> answers, IReadOnlyList<MatrixAnswer> matrices, IReadOnlyList<EncodingAnswer> encodings)
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        byte[] origin = Encoding.UTF8.GetBytes(Origin);
        writer.Write(Encoding.ASCII.GetBytes(KnownAnswers.Magic));
        writer.Write(KnownAnswers.Version);
        writer.Write(origin.Length);
        writer.Write(origin);
        writer.Write(answers.Count);
        foreach (KnownAnswer answer in answers)
        {
            writer.Write((int)answer.Format);
            writer.Write(answer.IsByHand ? 1 : 0);
            writer.Write(answer.Packed.Length);
            writer.Write(answer.Weights.Length);
            writer.Write(answer.Packed);
            writer.Write(MemoryMarshal.AsBytes(answer.Weights.AsSpan()));
        }

        writer.Write(matrices.Count);
        foreach (MatrixAnswer answer in matrices)
        {
            Write(writer, answer);
        }

        Write(writer, encodings);
        return file.ToArray();
    }

    private static void Write(BinaryWriter writer, IReadOnlyList<EncodingAnswer> encodings)
    {
        EncodingInput input = encodings.Count > 0 ? encodings[0].Input : new EncodingInput([0], [1]);
        writer.Write(input.Numbers.Length / input.Columns);
        writer.Write(input.Columns);
        writer.Write(MemoryMarshal.AsBytes(input.Importance.AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(input.Numbers.AsSpan()));
        writer.Write(encodings.Count);
        foreach (EncodingAnswer answer in encodings)
        {
            writer.Write((int)answer.Format);
            writer.Write(answer.IsWeighted ? 1 : 0);
            WriteArray(writer, answer.Packed);
        }
    }

    private static void Write(BinaryWriter writer, MatrixAnswer answer)
    {
        WriteArray(writer, Encoding.UTF8.GetBytes(answer.Name));
        int[] numbers =
        [
            (int)answer.Layout,
            answer.Bits,
            answer.Rows,
            answer.Columns,
            answer.GroupSize,
            answer.GroupRows,
            answer.ZeroPlusOne ? 1 : 0,
            answer.Padded ? 1 : 0,
            answer.ScalesDivided ? 1 : 0,
            (int)answer.ScaleFormat,
        ];
        Array.ForEach(numbers, writer.Write);
        writer.Write(answer.GlobalScale);
        writer.Write(answer.ScaleGroup);
        writer.Write(answer.ScaleOffset);
        byte[][] arrays =
            [answer.Codes, answer.Scales, answer.Zeros, answer.GroupIndex, answer.Levels, answer.ScaleLevels, answer.ScaleScales];
        Array.ForEach(arrays, array => WriteArray(writer, array));
        writer.Write(MemoryMarshal.AsBytes(answer.Weights.AsSpan()));
    }

    private static void WriteArray(BinaryWriter writer, byte[] array)
    {
        writer.Write(array.Length);
        writer.Write(array);
    }

    private static IEnumerable<KnownAnswer> FromVectors()
    {
        string folder = Repository.PathOf("tests/vectors");
        foreach (string[] row in File.ReadLines(Path.Combine(folder, "vectors.tsv")).Skip(1).Select(line => line.Split('\t')))
        {
            string vectors = Path.Combine(folder, row[0]);
            if (!File.Exists(Path.Combine(vectors, "quant.f32")))
            {
                continue;   // Q8_1, which the reference never decodes
            }

            int values = Number(row[2]), bytes = Number(row[3]);
            if (values == 1)
            {
                values *= PlainPiece;
                bytes *= PlainPiece;
            }

            // A random block with an edge of the scale's range, one without, and one of the row that has outliers.
            const int Edge = 2, Ordinary = 7, RowLength = 1024;
            (string File, int Block)[] choice = [("random", Edge), ("random", Ordinary), ("quant", RowLength / values)];
            byte[] packed = [.. choice.SelectMany(piece => Block($"{vectors}/{piece.File}.bin", piece.Block, bytes))];
            byte[] weights = [.. choice.SelectMany(piece => Block($"{vectors}/{piece.File}.f32", piece.Block, values * sizeof(float)))];
            yield return new KnownAnswer((QuantFormat)Number(row[1]), false, packed, MemoryMarshal.Cast<byte, float>(weights).ToArray());
        }
    }

    private static byte[] Block(string path, int index, int size) => File.ReadAllBytes(path).AsSpan(index * size, size).ToArray();

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
