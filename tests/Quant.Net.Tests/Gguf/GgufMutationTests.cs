using Quant.Net.Gguf;
using Xunit.Abstractions;

namespace Quant.Net.Tests.Gguf;

/// <summary>Random damage to valid files: they open, or end in one of the two exceptions that are documented.</summary>
public class GgufMutationTests(ITestOutputHelper output)
{
    private const int Rounds = 3000;

    [Fact]
    public void DamagedFilesOpenOrEndInAnException()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("QUANTNET_TEST_SEED"), out int chosen) ? chosen : 1;
        output.WriteLine($"QUANTNET_TEST_SEED={seed}");
        var random = new Random(seed);
        using var folder = new TempFolder();
        byte[][] originals =
        [
            .. MalformedFiles.All.Values.Select(kind => kind.Build(false)[0].Bytes),
            File.ReadAllBytes(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf"))[..20000],
        ];
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = Damage(originals[random.Next(originals.Length)], random);
            string path = folder.Write("m.gguf", bytes);
            try
            {
                using GgufFile model = GgufFile.Open(path);
                Touch(model);
            }
            catch (Exception e) when (e is ModelFormatException or FileNotFoundException)
            {
                MalformedFileTests.AssertIsOneCleanLine(e.Message);
            }
        }
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        byte[] bytes = random.Next(8) == 0 ? original[..random.Next(original.Length)] : [.. original];
        for (int i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--)
        {
            int place = random.Next(bytes.Length);
            bytes[place] = random.Next(4) switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)(bytes[place] ^ (1 << random.Next(8))),
                2 => 0xFF,
                _ => (byte)(bytes[place] + 1),
            };
        }

        return bytes;
    }

    private static void Touch(GgufFile model)
    {
        foreach ((_, GgufValue value) in model.Metadata)
        {
            Touch(value);
        }

        foreach (GgufTensor tensor in model.Tensors.Where(tensor => tensor.IsFormatKnown && tensor.RowCount > 0))
        {
            Assert.Equal(tensor.BytesPerRow, tensor.GetSpan(tensor.RowCount - 1, 1).Length);
        }
    }

    private static void Touch(GgufValue value)
    {
        Assert.NotNull(value.ToString());
        for (int i = 0; value.IsArray && i < value.Count; i++)
        {
            Touch(value[i]);
        }
    }
}
