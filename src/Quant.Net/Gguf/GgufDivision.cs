using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>Divides a model into files, as llama.cpp's gguf-split does.</summary>
internal static class GgufDivision
{
    /// <summary><c>split.count</c> has 16 bits.</summary>
    private const int MostFiles = ushort.MaxValue;

    private static readonly string[] KeysOfSplit = [GgufLayout.SplitNumberKey, GgufLayout.SplitTensorCountKey, GgufLayout.SplitCountKey];
    private static readonly string[] KeysOfQuantize = [GgufLayout.SplitNumberKey, GgufLayout.SplitCountKey, GgufLayout.SplitTensorCountKey];

    /// <summary>How many tensors come into each file.</summary>
    /// <exception cref="ArgumentException">There would be more files than a split model can have.</exception>
    public static List<int> Cut(string shownModel, GgufContents whole, long? maxDataBytes, int? maxTensors)
    {
        List<int> counts = [0];
        long bytes = 0;
        foreach (GgufEntry tensor in whole.Tensors)
        {
            long padded = whole.Padded(tensor.Bytes);
            bool isFull = counts[^1] == (maxTensors ?? int.MaxValue)
                || (counts[^1] > 0 && padded > (maxDataBytes ?? long.MaxValue) - bytes);
            if (isFull)
            {
                counts.Add(0);
                bytes = 0;
            }

            counts[^1]++;
            bytes += padded;
        }

        return counts.Count <= MostFiles
            ? counts
            : throw new ArgumentException(ErrorText.Invariant(
                $"{shownModel}: would become {counts.Count} files, but a split model has at most {MostFiles}."));
    }

    /// <summary>The contents of each file as gguf-split leaves them: all metadata are in the first, and each says which of how many it is.</summary>
    public static IReadOnlyList<GgufContents> AsSplitDoes(GgufContents whole, IReadOnlyList<int> counts) => Divide(whole, counts, KeysOfSplit);

    /// <summary>The same with the keys in the order in which llama-quantize leaves them.</summary>
    public static IReadOnlyList<GgufContents> AsQuantizeDoes(GgufContents whole, IReadOnlyList<int> counts) => Divide(whole, counts, KeysOfQuantize);

    private static GgufContents[] Divide(GgufContents whole, IReadOnlyList<int> counts, string[] keys)
    {
        var files = new GgufContents[counts.Count];
        int first = 0;
        for (int i = 0; i < files.Length; first += counts[i++])
        {
            files[i] = new GgufContents();
            // gguf-split leaves the alignment out of further files, and these are aligned to 32 whatever the model asks for.
            bool isFirst = i == 0, isOwnAlignment = whole.Alignment != GgufLayout.DefaultAlignment;
            foreach ((string key, GgufValue value) in whole.Metadata)
            {
                if (isFirst || (isOwnAlignment && key == GgufLayout.AlignmentKey))
                {
                    files[i].Set(key, value);
                }
            }

            foreach (string key in keys)
            {
                files[i].Set(key, key == GgufLayout.SplitNumberKey ? GgufValue.FromNumber((ushort)i)
                    : key == GgufLayout.SplitCountKey ? GgufValue.FromNumber((ushort)counts.Count)
                    : GgufValue.FromNumber(whole.Tensors.Count));
            }

            foreach (GgufEntry tensor in whole.Tensors.Skip(first).Take(counts[i]))
            {
                files[i].Add(tensor);
            }
        }

        return files;
    }
}
