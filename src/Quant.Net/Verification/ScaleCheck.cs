using Quant.Net.Modules;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>
/// Looks at the zero points and scales of packed modules, which are small beside their codes, for what makes all weights of a group wrong:
/// zero points of the other dialect of GPTQ, and scales that are no numbers.
/// </summary>
internal sealed class ScaleCheck(SafetensorsModel model, CancellationToken cancellation)
{
    // Whole elements, and whole words of zero points.
    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly ZeroPointKinds _zeroPoints = new(model);
    private readonly OddTensors _scales = new(), _zeros = new();

    /// <summary>Looks at modules, and reads about so many bytes at most: of each of them at least a little.</summary>
    public IReadOnlyList<string> Run(IReadOnlyList<PackedModule> modules, long mostBytes)
    {
        long each = Math.Max(mostBytes / Math.Max(2 * modules.Count, 1) / 8 * 8, 4096);
        foreach (PackedModule module in modules)
        {
            if (ZeroPointWatch.Watches(module))
            {
                ZeroPointWatch watch = _zeroPoints.Watch(module);
                Read(module.Arrays.Zeros!, each, watch.Add);
                watch.Finish();
            }

            LookForNumbers(module.Arrays.Scales, each, module.Layout == PackedMatrixLayout.Mxfp4Rows ? SafetensorsType.F8_E8M0 : null, _scales);
            LookForNumbers(module.Arrays.Zeros, each, null, _zeros);
        }

        return
        [
            .. _zeroPoints.Faults,
            .. Told(_scales, "scales"),
            .. Told(_zeros, "zero points"),
        ];
    }

    private static IEnumerable<string> Told(OddTensors noNumbers, string what) =>
        noNumbers.IsEmpty ? [] : [$"{noNumbers.Where}: {noNumbers.HowMany} {what} are NaN or infinite (first: {noNumbers.Place})"];

    // Scales of MXFP4 are bytes where files know no type for them.
    private void LookForNumbers(SafetensorsTensor? tensor, long most, SafetensorsType? instead, OddTensors noNumbers)
    {
        if (tensor is null)
        {
            return;
        }

        var odd = new OddValues();
        long seen = 0;
        Read(tensor, most, piece =>
        {
            (long count, int first) = NonFinite.Count(instead ?? tensor.Type, piece);
            odd.Add(seen + first, count);
            seen += piece.Length * 8 / tensor.BitsPerElement;
        });
        noNumbers.Add(tensor, odd.Count, seen, () => OddTensors.PlaceIn(tensor, odd.First));
    }

    private void Read(SafetensorsTensor tensor, long most, ReadPiece look)
    {
        long end = Math.Min(tensor.ByteLength, most);
        for (long done = 0; done < end;)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> piece = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, end - done));
            tensor.Read(done, piece);
            look(piece);
            done += piece.Length;
        }
    }

    private delegate void ReadPiece(ReadOnlySpan<byte> piece);
}
