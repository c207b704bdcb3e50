using System.Runtime.InteropServices;
using Quant.Net.Tests.Gguf;
using Xunit.Abstractions;

namespace Quant.Net.Tests.Importance;

/// <summary>Both forms of importance matrices: what they mean, and what they are refused for.</summary>
public class ImportanceMatrixTests(ITestOutputHelper output)
{
    private static readonly (string Name, int Columns, int Matrices)[] Tensors =
    [
        ("blk.0.attn_q.weight", 32, 1),
        ("blk.0.ffn_down.weight", 64, 1),
        ("blk.0.ffn_up_exps.weight", 32, 3),
    ];

    [Theory]
    [InlineData("imatrix.dat", ImportanceForm.Binary)]
    [InlineData("imatrix.gguf", ImportanceForm.Gguf)]
    public void BothFormsMeanWhatTheReferenceMakesOfThem(string file, ImportanceForm form)
    {
        ImportanceMatrix matrix = ImportanceMatrix.Open(Vector(file));

        Assert.Equal(form, matrix.Form);
        Assert.Equal(["calibration.txt"], matrix.Datasets);
        Assert.Equal(3, matrix.ChunkCount);
        Assert.Equal(form == ImportanceForm.Gguf ? 512L : null, matrix.ChunkSize);
        Assert.Equal(Tensors.Select(tensor => tensor.Name), matrix.Entries.Select(entry => entry.Name));
        Assert.Empty(matrix.Warnings);
        Assert.EndsWith($"{file}: 3 tensors, 3 chunks", matrix.ToString(), StringComparison.Ordinal);
        var found = new List<float>();
        foreach ((string name, int columns, int matrices) in Tensors)
        {
            Assert.True(matrix.TryGet(name, out ImportanceEntry? entry));
            Assert.Equal(form == ImportanceForm.Gguf ? matrices : null, entry.MatrixCount);
            found.AddRange(entry.GetValues(columns, matrices).ToArray());
        }

        Assert.Equal(MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Vector(file + ".f32"))).ToArray(), found);
        Assert.False(matrix.TryGet("output.weight", out _));
    }

    [Fact]
    public void AnExpertThatNoTextHasReachedIsAllOnes()
    {
        Assert.True(ImportanceMatrix.Open(Vector("imatrix.gguf")).TryGet("blk.0.ffn_up_exps.weight", out ImportanceEntry? entry));

        Assert.All(entry.Values[64..].ToArray(), value => Assert.Equal(1f, value));
    }

    [Theory]
    [InlineData(31, 1, "has 32 values, expected 31: 31 columns, matrices: 1")]
    [InlineData(32, 3, "has 32 values, expected 96: 32 columns, matrices: 3")]
    [InlineData(long.MaxValue, long.MaxValue, "has 32 values, expected 850705917302346158")]
    public void AnotherShapeIsRefused(long columns, long matrices, string fault)
    {
        Assert.True(ImportanceMatrix.Open(Vector("imatrix.dat")).TryGet("blk.0.attn_q.weight", out ImportanceEntry? entry));

        string message = Assert.Throws<ModelFormatException>(() => entry.GetValues(columns, matrices)).Message;
        Assert.Contains($"entry 'blk.0.attn_q.weight' {fault}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherMatricesOfAsManyValuesAreRefused()
    {
        Assert.True(ImportanceMatrix.Open(Vector("imatrix.gguf")).TryGet("blk.0.ffn_up_exps.weight", out ImportanceEntry? entry));

        Assert.Contains("is of 3 matrices, expected 2", Assert.Throws<ModelFormatException>(() => entry.GetValues(48, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExpertOfZerosIsFoundWhereTheFileDoesNotKnowOfExperts()
    {
        using var folder = new TempFolder();
        ImportanceMatrix matrix = ImportanceMatrix.Open(folder.Write("x.dat", new BinaryFile().Entry("e", 1, 1, 2, 0, 0).ToArray()));

        Assert.True(matrix.TryGet("e", out ImportanceEntry? entry));
        Assert.Equal([1f, 2f, 0f, 0f], entry.GetValues(4, 1).ToArray());
        Assert.Contains("values 2 to 3 are all zero", Assert.Throws<ModelFormatException>(() => entry.GetValues(2, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheEndOfTheBinaryFormMayBeMissing()
    {
        using var folder = new TempFolder();
        byte[] entries = new BinaryFile().Entry("a", 2, 1, 3).Entry("b", 0, 1, 3).ToArray();

        ImportanceMatrix matrix = ImportanceMatrix.Open(folder.Write("x.dat", entries));
        Assert.Null(matrix.ChunkCount);
        Assert.Empty(matrix.Datasets);
        Assert.Equal([0.5f, 1.5f], matrix.Entries[0].Values.ToArray());
        Assert.Equal([1f, 3f], matrix.Entries[1].Values.ToArray());

        matrix = ImportanceMatrix.Open(folder.Write("y.dat", [.. entries, 7, 0, 0, 0]));
        Assert.Equal(7, matrix.ChunkCount);
    }

    [Theory]
    [MemberData(nameof(MalformedImportance.BinaryNames), MemberType = typeof(MalformedImportance))]
    public void MalformedBinaryFilesAreRefused(string name) => AssertRefused(MalformedImportance.Binary[name]);

    [Theory]
    [MemberData(nameof(MalformedImportance.GgufNames), MemberType = typeof(MalformedImportance))]
    public void MalformedGgufFilesAreRefused(string name) => AssertRefused(MalformedImportance.Gguf[name]);

    [Fact]
    public void AFileThatIsCutAnywhereIsRefused()
    {
        using var folder = new TempFolder();
        byte[] whole = File.ReadAllBytes(Vector("imatrix.dat"));
        int end = whole.Length - "calibration.txt".Length - 8;

        // Two places are ends of older files.
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("x.dat", whole[..length]);
            if (length != end && length != end + 4)
            {
                MalformedFileTests.AssertIsOneCleanLine(Assert.Throws<ModelFormatException>(() => ImportanceMatrix.Open(path)).Message);
            }
        }
    }

    [Fact]
    public void WhatIsNotThereIsSaid() =>
        Assert.Equal("/nowhere.dat: no such file", Assert.Throws<FileNotFoundException>(() => ImportanceMatrix.Open("/nowhere.dat")).Message);

    [Fact]
    public void DamagedFilesOpenOrEndInAnException()
    {
        var run = new FuzzRun("imatrix", output);
        byte[] binary = File.ReadAllBytes(Vector("imatrix.dat"));
        var gguf = new GgufDamage(File.ReadAllBytes(Vector("imatrix.gguf")), run.Random);
        run.Repeat(() =>
        {
            byte[] bytes = run.Random.Next(3) switch
            {
                0 => RandomBytes(run.Random),
                1 => Damaged(binary, run.Random),
                _ => gguf.Next(),
            };
            string path = Path.Combine(run.Folder, "imatrix");
            File.WriteAllBytes(path, bytes);
            bool opens = FuzzRun.TryOpen(() => ImportanceMatrix.Open(path), bytes.Length, out ImportanceMatrix? matrix, out string outcome);
            if (matrix is not null)
            {
                Assert.All(matrix.Entries, entry => Assert.DoesNotContain(entry.Values.ToArray(), value => !(value >= 0) || float.IsInfinity(value)));
            }

            return (outcome, opens);
        });
    }

    private static byte[] Damaged(byte[] whole, Random random)
    {
        byte[] bytes = random.Next(4) == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
        for (int left = bytes.Length == 0 ? 0 : random.Next(1, 4); left > 0; left--)
        {
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        }

        return bytes;
    }

    // Small numbers are lengths and counts that may be believed.
    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = i % 4 == 0 ? (byte)random.Next(6) : random.Next(8) == 0 ? bytes[i] : (byte)0;
        }

        return bytes;
    }

    private static void AssertRefused(MalformedImportance.Kind kind)
    {
        using var folder = new TempFolder();
        string path = folder.Write("x", kind.Bytes);

        string message = Assert.Throws<ModelFormatException>(() => ImportanceMatrix.Open(path)).Message;
        MalformedFileTests.AssertIsOneCleanLine(message);
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(kind.Fault, message, StringComparison.Ordinal);
    }

    private static string Vector(string file) => Repository.PathOf("tests", "vectors", "imatrix", file);
}
