using System.Globalization;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Matrices;

/// <summary>Writes what was measured of packed matrices as a page.</summary>
internal static class MatrixPage
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static void Write(TextWriter page, string command, IReadOnlyList<MatrixResult> results, Unpack? unpack)
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        page.WriteLine("# Packed matrices: results of the last run");
        page.WriteLine();
        page.WriteLine($"{DateTimeOffset.Now.ToString("yyyy-MM-dd", Culture)}, {device.Description}. Command: `{command}`.");
        page.WriteLine();
        page.WriteLine($"{MatrixCase.Rows} x {MatrixCase.Columns} weights, out of cache, all threads. *Roof*: the same bytes read and written,");
        page.WriteLine("nothing decoded, in the same rounds (see [performance.md](../../docs/performance.md)). *Scalar*: times as fast as plain code.");
        page.WriteLine("Groups of 128 columns with half scales, but 32 for pack-quantized 4 bits and what the layout says for MXFP4, NVFP4 and NF4.");
        page.WriteLine();
        page.WriteLine("| Layout | Result | f32: of the roof, scalar | f16 | bf16 |");
        page.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (IGrouping<(MatrixCase Case, MatrixOrder Order), MatrixResult> row in results.GroupBy(one => (one.Case, one.Order)))
        {
            string order = row.Key.Order == MatrixOrder.Rows ? "[out, in]" : "[in, out]";
            IEnumerable<string> cells = row.Select(one => string.Create(Culture, $"{one.OfRoof:P0}, {one.OfScalar:F1}x"));
            page.WriteLine($"| {row.Key.Case.Name} | {order} | {string.Join(" | ", cells)} |");
        }

        if (unpack is not null)
        {
            MatrixResult ours = results.First(one => one.Case.Layout == PackedMatrixLayout.Gptq && one.Output == QuantFormat.F32);
            page.WriteLine();
            page.WriteLine(string.Create(
                Culture,
                $"The usual unpacking of GPTQ 4 bits to [out, in] ({unpack.With}) took {unpack.Seconds:F3} s, this library {ours.Seconds:F4} s: {unpack.Seconds / ours.Seconds:F0} times as fast."));
        }
    }
}
