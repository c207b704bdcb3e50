using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Quant.Net.IO;

namespace Quant.Net.Importance;

/// <summary>
/// Reads the binary form, of which llama.cpp's <c>tools/imatrix/imatrix.cpp</c> (save_imatrix_legacy) is the description. All numbers
/// are little-endian and of 32 bits:
/// <code>
/// entries
/// entries times: length of the name, name, calls, number of values, values (float: means times calls)
/// chunks                               (may be missing)
/// length of the dataset's name, name   (may be missing)
/// </code>
/// </summary>
internal sealed class BinaryImportance : IDisposable
{
    private const int LeastEntry = (3 * sizeof(int)) + 1 + sizeof(float);

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly MappedFile _file;
    private string _place = "header";
    private long _position;

    private BinaryImportance(MappedFile file) => _file = file;

    /// <summary>Reads a file.</summary>
    public static ImportanceMatrix Read(string path)
    {
        using var reader = new BinaryImportance(MappedFile.Open(path, typeof(ImportanceMatrix)));
        return reader.ReadAll();
    }

    public void Dispose() => _file.Dispose();

    private long Left => _file.Length - _position;

    private ImportanceMatrix ReadAll()
    {
        var matrix = new ImportanceMatrix(_file.Path, ImportanceForm.Binary);
        int entries = ReadCount("number of entries", LeastEntry, least: 1);
        for (int i = 0; i < entries; i++)
        {
            _place = ErrorText.Invariant($"entry {i}");
            matrix.Add(ReadEntry());
        }

        _place = "end";
        matrix.ChunkCount = Left > 0 ? ReadCount("number of chunks", 0, least: 0) : null;
        matrix.Datasets = Left > 0 && ReadText("dataset", least: 0) is { Length: > 0 } dataset ? [dataset] : [];
        return Left == 0 ? matrix : throw Fault($"{ErrorText.Count(Left, "byte")} behind the dataset, expected none");
    }

    private ImportanceEntry ReadEntry()
    {
        string name = ReadText("name", least: 1);
        _place = $"entry {ErrorText.Quote(name)}";
        int calls = ReadCount("number of calls", 0, least: 0);
        float[] values = new float[ReadCount("number of values", sizeof(float), least: 1)];
        Take(MemoryMarshal.AsBytes(values.AsSpan()), "values");
        if (calls > 0)
        {
            foreach (ref float value in values.AsSpan())
            {
                value /= calls;
            }
        }

        return new ImportanceEntry(_file.Path, name, values, matrixCount: null);
    }

    private string ReadText(string what, int least)
    {
        byte[] bytes = new byte[ReadCount($"length of the {what}", 1, least)];
        Take(bytes, what);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Fault($"{what} is not UTF-8: byte 0x{e.BytesUnknown?[0]:X2} at {e.Index} of it");
        }
    }

    /// <summary>A number of things that follow, each of which has so many bytes at least.</summary>
    private int ReadCount(string what, int leastBytesEach, int least)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        Take(bytes, what);
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (count < least)
        {
            throw Fault($"{what} is {count}, expected {least} or more");
        }

        return (long)count * leastBytesEach <= Left
            ? count
            : throw Fault($"{what} is {count}, but the {Left} bytes that are left hold at most {Left / leastBytesEach}");
    }

    private void Take(Span<byte> bytes, string what)
    {
        if (bytes.Length > Left)
        {
            throw Fault($"{what} needs {bytes.Length} bytes at byte {_position}, but only {Left} are left");
        }

        _file.Read(_position, bytes);
        _position += bytes.Length;
    }

    private ModelFormatException Fault(FormattableString what) =>
        ModelFormatException.In(_file.Path, $"{_place}: {ErrorText.Invariant(what)} (is this an importance matrix?)");
}
