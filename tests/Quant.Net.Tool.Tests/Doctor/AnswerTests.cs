using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Doctor;

public class AnswerTests
{
    private static readonly string EmbeddedFile = Repository.PathOf("src/Quant.Net.Tool/Doctor/answers.bin");

    /// <summary>Run with QUANTNET_MAKE_ANSWERS=1 to write the file anew, after the vectors or the handmade answers have changed.</summary>
    [Fact]
    public void BuiltInAnswersAreSlicesOfTheVectors()
    {
        byte[] made = AnswerMaker.Make();
        if (Environment.GetEnvironmentVariable("QUANTNET_MAKE_ANSWERS") == "1")
        {
            File.WriteAllBytes(EmbeddedFile, made);
        }

        Assert.Equal(made, File.ReadAllBytes(EmbeddedFile));
    }

    [Fact]
    public void EveryFormatHasAnAnswer()
    {
        var answered = KnownAnswers.BuiltIn().All.Select(answer => answer.Format).ToHashSet();

        Assert.Empty(QuantFormats.All.Where(format => !answered.Contains(format.Format)).Select(format => format.Name));
    }

    [Fact]
    public void EveryLayoutWithEachOfItsBitsHasAnAnswer()
    {
        var answered = KnownAnswers.BuiltIn().Matrices.Select(answer => (answer.Layout, answer.Bits)).ToHashSet();

        Assert.Equal(PackedMatrixLayouts.All.SelectMany(layout => layout.Bits.Select(bits => (layout.Layout, bits))), answered.Order());
    }

    [Fact]
    public void EveryEncoderHasAnAnswerWithAndWithoutImportance()
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        EncodingInput input = KnownAnswers.BuiltIn().Encodings[0].Input;
        byte[] Encode(QuantFormatInfo format, float[] importance)
        {
            byte[] packed = new byte[format.GetByteCount(input.Numbers.Length)];
            device.Quantize(input.Numbers, input.Columns, format.Format, packed, importance);
            return packed;
        }

        List<(QuantFormat, bool)> expected = [];
        foreach (QuantFormatInfo format in QuantFormats.All)
        {
            QuantCapability capability = device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, format.Format);
            if (capability.IsSupported && !capability.NeedsImportance)
            {
                expected.Add((format.Format, false));
            }

            if (capability.NeedsImportance
                || (capability.IsSupported && !Encode(format, input.Importance).AsSpan().SequenceEqual(Encode(format, []))))
            {
                expected.Add((format.Format, true));
            }
        }

        Assert.Equal(expected, KnownAnswers.BuiltIn().Encodings.Select(answer => (answer.Format, answer.IsWeighted)).Order());
    }

    // Else kernels that work on tiles, and those for lists of groups, would not be asked for a single weight.
    [Fact]
    public void MatricesAreLargeEnoughForTilesAndOfEveryKind()
    {
        IReadOnlyList<MatrixAnswer> matrices = KnownAnswers.BuiltIn().Matrices;

        Assert.All(
            matrices.GroupBy(answer => (answer.Layout, answer.Bits)),
            same => Assert.Contains(same, answer => answer is { Rows: >= 32, Columns: >= 64 }));
        Assert.Equal(
            [(PackedMatrixLayout.Gptq, 2), (PackedMatrixLayout.Gptq, 3), (PackedMatrixLayout.Gptq, 4), (PackedMatrixLayout.Gptq, 8),
                (PackedMatrixLayout.PackQuantized, 4)],
            matrices.Where(answer => answer.GroupIndex.Length > 0).Select(answer => (answer.Layout, answer.Bits)).Distinct().Order());
        Assert.Contains(matrices, answer => answer.Padded);
        Assert.Contains(matrices, answer => answer.ScaleLevels.Length > 0);
        Assert.Contains(matrices, answer => answer.GroupRows > 1);
        Assert.Equal([false, true], matrices.Where(answer => answer.GlobalScale != 0).Select(answer => answer.ScalesDivided).Order());
    }

    [Fact]
    public async Task DamagedFilesAreRefusedInOneLine()
    {
        byte[] whole = File.ReadAllBytes(EmbeddedFile);
        using var folder = new TemporaryFolder();
        foreach (int length in new[] { 0, 7, 8, 11, 15, 40, 70, 80, 100, 65_000, 100_000, whole.Length - 1 })
        {
            File.WriteAllBytes(folder["cut.bin"], whole[..length]);

            var refused = await Assert.ThrowsAsync<ToolException>(() => KnownAnswers.ReadAsync(folder["cut.bin"], CancellationToken.None));
            Assert.StartsWith(folder["cut.bin"], refused.Message, StringComparison.Ordinal);
        }
    }
}
