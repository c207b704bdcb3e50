using System.Runtime.InteropServices;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Importance;

/// <summary>
/// Reads the GGUF form, of which llama.cpp's <c>tools/imatrix/imatrix.cpp</c> (save_imatrix) is the description. For each tensor X there
/// are <c>X.in_sum2</c>, sums of squares of each column, and <c>X.counts</c>, of how many; both F32, and both with a row for each matrix.
/// Newer files also have <c>X.in_sum</c>, which nothing here needs.
/// </summary>
internal sealed class GgufImportance
{
    private const string TypeKey = "general.type", Type = "imatrix";
    private const string DatasetsKey = "imatrix.datasets", ChunkCountKey = "imatrix.chunk_count", ChunkSizeKey = "imatrix.chunk_size";
    private const string Sums = ".in_sum2", Counts = ".counts";

    private readonly GgufFile _file;

    private GgufImportance(GgufFile file) => _file = file;

    /// <summary>Reads a file.</summary>
    public static ImportanceMatrix Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return new GgufImportance(file).ReadAll(path);
    }

    private ImportanceMatrix ReadAll(string path)
    {
        GgufMetadata metadata = _file.Metadata;
        if (metadata.TryGetString(TypeKey, out string? type) && type != Type)
        {
            throw ModelFormatException.In(path, $"metadata '{TypeKey}' is {new Quoted(type)}, expected '{Type}': this is no importance matrix");
        }

        var matrix = new ImportanceMatrix(path, ImportanceForm.Gguf)
        {
            Datasets = metadata.TryGetValue(DatasetsKey, out GgufValue? names) ? ReadNames(path, names) : [],
            ChunkCount = ReadNumber(path, ChunkCountKey),
            ChunkSize = ReadNumber(path, ChunkSizeKey),
            Warnings = _file.Warnings,
        };
        foreach (GgufTensor tensor in _file.Tensors)
        {
            if (NameOf(tensor, Sums) is { } name)
            {
                matrix.Add(ReadEntry(path, name, tensor));
            }
            else if (NameOf(tensor, Counts) is { } counted && !_file.Tensors.Contains(counted + Sums))
            {
                throw ModelFormatException.In(path, $"has {new Quoted(tensor.Name)}, but no {new Quoted(counted + Sums)}");
            }
        }

        return matrix;
    }

    private static string? NameOf(GgufTensor tensor, string suffix) =>
        tensor.Name.EndsWith(suffix, StringComparison.Ordinal) ? tensor.Name[..^suffix.Length] : null;

    private ImportanceEntry ReadEntry(string path, string name, GgufTensor sumsTensor)
    {
        if (!_file.Tensors.TryGet(name + Counts, out GgufTensor? countsTensor))
        {
            throw ModelFormatException.In(path, $"has {new Quoted(sumsTensor.Name)}, but no {new Quoted(name + Counts)}");
        }

        float[] values = ReadValues(path, sumsTensor), counts = ReadValues(path, countsTensor);
        if (counts.Length == 0 || values.Length == 0 || values.Length % counts.Length != 0)
        {
            throw ModelFormatException.In(path,
                $"tensor {new Quoted(sumsTensor.Name)} has {values.Length} values, expected a multiple of the {counts.Length} of {new Quoted(countsTensor.Name)}");
        }

        int columns = values.Length / counts.Length;
        for (int i = 0; i < counts.Length; i++)
        {
            float count = counts[i];
            if (!(count >= 0) || float.Truncate(count) != count || float.IsInfinity(count))
            {
                throw ModelFormatException.In(path, $"tensor {new Quoted(countsTensor.Name)}: value {i} is {count}, expected a whole number from 0");
            }

            Average(values.AsSpan(i * columns, columns), count);
        }

        return new ImportanceEntry(path, name, values, counts.Length);
    }

    // What no text has reached is all alike.
    private static void Average(Span<float> sums, float count)
    {
        if (count == 0)
        {
            sums.Fill(1);
            return;
        }

        foreach (ref float sum in sums)
        {
            sum /= count;
        }
    }

    private static float[] ReadValues(string path, GgufTensor tensor)
    {
        if (tensor.TypeNumber != (uint)QuantFormat.F32 || tensor.ElementCount > Array.MaxLength)
        {
            throw ModelFormatException.In(path,
                $"tensor {new Quoted(tensor.Name)} has {tensor.ElementCount} values of {tensor.FormatName}, expected F32, at most {Array.MaxLength}");
        }

        float[] values = new float[tensor.ElementCount];
        for (long done = 0; done < values.Length;)
        {
            const int Piece = 1 << 20;
            Span<float> piece = values.AsSpan((int)done, (int)Math.Min(Piece, values.Length - done));
            tensor.Read(done * sizeof(float), MemoryMarshal.AsBytes(piece));
            done += piece.Length;
        }

        return values;
    }

    private static string[] ReadNames(string path, GgufValue names) => names.ElementType == GgufValueType.String
        ? names.ToStringArray()
        : throw ModelFormatException.In(path, $"metadata '{DatasetsKey}' is {names}, expected an array of strings");

    private long? ReadNumber(string path, string key) => !_file.Metadata.TryGetValue(key, out GgufValue? value) ? null
        : value.TryGet(out long number) && number >= 0 ? number
        : throw ModelFormatException.In(path, $"metadata '{key}' is {new Quoted(value.ToString())}, expected a number from 0");
}
