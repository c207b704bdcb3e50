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
    public void DamagedFilesAreRefusedInOneLine()
    {
        byte[] whole = File.ReadAllBytes(EmbeddedFile);
        using var folder = new TemporaryFolder();
        foreach (int length in new[] { 0, 7, 8, 11, 15, 40, 70, 80, 100, whole.Length - 1 })
        {
            File.WriteAllBytes(folder["cut.bin"], whole[..length]);

            var refused = Assert.Throws<ToolException>(() => KnownAnswers.Read(folder["cut.bin"]));
            Assert.StartsWith(folder["cut.bin"], refused.Message, StringComparison.Ordinal);
        }
    }
}
