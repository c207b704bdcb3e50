using System.Runtime.InteropServices;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Doctor;

/// <summary>Rows of tests/vectors and what ggml encodes them to.</summary>
internal static class EncodingVectors
{
    private const int Columns = 1024;

    // Gaussian with outliers; and ternary, grids, heavy tails, spikes. Whole rows, because encoders may weigh with all of a row.
    private static readonly int[] Rows = [1, 7];

    /// <summary>The answers of every format that has some.</summary>
    public static IReadOnlyList<EncodingAnswer> Answers()
    {
        byte[] numbers = RowsOf("input.f32", Columns * sizeof(float));
        var input = new EncodingInput(Floats(numbers), Floats(File.ReadAllBytes(PathOf("importance.f32"))));
        using QuantDevice device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        List<EncodingAnswer> answers = [new EncodingAnswer(QuantFormat.F32, false, input, numbers)];
        foreach (QuantFormatInfo format in QuantFormats.All)
        {
            QuantCapability capability = device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, format.Format);
            foreach ((string name, bool isWeighted) in new[] { ("quant.bin", capability.NeedsImportance), ("quant_importance.bin", true) })
            {
                string file = Path.Combine(format.Name, name);
                if (capability.IsSupported && File.Exists(PathOf(file)))
                {
                    answers.Add(new EncodingAnswer(format.Format, isWeighted, input, RowsOf(file, (int)format.GetByteCount(Columns))));
                }
            }
        }

        return answers;
    }

    private static byte[] RowsOf(string file, int rowBytes)
    {
        byte[] all = File.ReadAllBytes(PathOf(file));
        return [.. Rows.SelectMany(row => all.AsSpan(row * rowBytes, rowBytes).ToArray())];
    }

    private static float[] Floats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    private static string PathOf(string file) => Repository.PathOf($"tests/vectors/{file}");
}
