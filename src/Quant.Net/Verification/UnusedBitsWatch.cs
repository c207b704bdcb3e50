using System.Runtime.InteropServices;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>
/// Looks for words of compressed-tensors that have bits set where no code is: above the whole codes of a padded word, or behind the last
/// code of a line. Packers leave them 0, so something ran over, or the words are packed in another way.
/// </summary>
internal sealed class UnusedBitsWatch : ITensorWatch
{
    private const int WordBits = 32;

    private readonly SafetensorsTensor _tensor;
    private readonly OddTensors _findings;
    private readonly OddValues _odd = new();
    private readonly bool _alongRows;
    private readonly uint _unused, _unusedLast;
    private readonly long _last;
    private long _index;

    /// <summary>Begins with a tensor.</summary>
    /// <param name="tensor">The words.</param>
    /// <param name="count">Codes of a line.</param>
    /// <param name="bits">Bits of a code.</param>
    /// <param name="isPadded">Whether words hold whole codes.</param>
    /// <param name="alongRows">Whether lines run from row to row, as those of zero points do.</param>
    /// <param name="findings">Where to put what is found.</param>
    public UnusedBitsWatch(SafetensorsTensor tensor, long count, int bits, bool isPadded, bool alongRows, OddTensors findings)
    {
        (_tensor, _alongRows, _findings) = (tensor, alongRows, findings);
        _last = tensor.Shape[alongRows ? 0 : 1] - 1;
        int used = isPadded ? WordBits / bits * bits : WordBits;
        _unused = Above(used);
        _unusedLast = Above(Math.Min(used, isPadded ? (count - (_last * (WordBits / bits))) * bits : (count * bits) - (_last * WordBits)));
    }

    public void Add(ReadOnlySpan<byte> piece)
    {
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(piece))
        {
            long place = _alongRows ? _index / _tensor.RowLength : _index % _tensor.RowLength;
            if ((word & (place == _last ? _unusedLast : _unused)) != 0)
            {
                _odd.Add(_index);
            }

            _index++;
        }
    }

    public void Finish() => _findings.Add(_tensor, _odd);

    // Line ends that are none are found when the module is read.
    private static uint Above(long bits) => bits is < 0 or >= WordBits ? 0 : ~0u << (int)bits;
}
