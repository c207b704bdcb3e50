using System.Numerics;
using System.Runtime.InteropServices;
using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>Looks at the stored zero points of a module of GPTQ or AWQ: a stream of fields in 32-bit words.</summary>
internal sealed class ZeroPointWatch : ITensorWatch
{
    private const int WordBits = 32, AwqFields = 8;

    // The output that each field of a word of AWQ's gemm belongs to.
    private static readonly int[] GemmOrder = [0, 2, 4, 6, 1, 3, 5, 7];

    private readonly PackedModule _module;
    private readonly SafetensorsTensor _tensor;
    private readonly ZeroPointFindings _findings;
    private readonly bool? _isSymmetric;
    private readonly int _bits;
    private readonly long _rowLength, _used;
    private readonly long[] _counts;
    private readonly OddValues _ones = new(), _poisoned = new(), _asymmetric = new();
    private ulong _held;
    private int _heldBits;
    private long _index, _words, _column;

    public ZeroPointWatch(PackedModule module, bool? isSymmetric, ZeroPointFindings findings)
    {
        (_module, _tensor, _findings, _isSymmetric) = (module, module.Arrays.Zeros!, findings, isSymmetric);
        _bits = module.Bits;
        IsZeroPlusOne = module.Arrays.Flags.HasFlag(NativeMatrixFlags.ZeroPlusOne);
        _rowLength = _tensor.RowLength * WordBits / _bits;
        _used = module.Layout == PackedMatrixLayout.AwqGemv ? ScaleWatch.Groups(module) : _rowLength;
        _counts = new long[1 << _bits];
    }

    public PackedMatrixLayout Layout => _module.Layout;

    public int Bits => _bits;

    public bool IsZeroPlusOne { get; }

    public SafetensorsTensor Tensor => _tensor;

    /// <summary>Whether a module has zero points that this can look at.</summary>
    public static bool Watches(PackedModule module) => module.Arrays.Zeros is { Type: SafetensorsType.I32 } && module.Layout is
        PackedMatrixLayout.Gptq or PackedMatrixLayout.AwqGemm or PackedMatrixLayout.AwqGemv;

    /// <summary>The value that all fields have; null if they differ.</summary>
    public int? OnlyValue => Array.IndexOf(_counts, Total) is >= 0 and var value ? value : null;

    public long Total => _counts.Sum();

    /// <summary>Fields that are all ones.</summary>
    public OddValues Ones => _ones;

    /// <summary>Fields of words in which two or more fields of all ones reach the top.</summary>
    public OddValues Poisoned => _poisoned;

    /// <summary>Fields that are not the zero point of symmetric codes, where the settings say that all are.</summary>
    public OddValues Asymmetric => _asymmetric;

    public long Words => _words;

    // What symmetric codes have stored.
    private int Symmetric => (1 << (_bits - 1)) - (IsZeroPlusOne ? 1 : 0);

    public void Add(ReadOnlySpan<byte> piece)
    {
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(piece))
        {
            // The fields above the one that was written without a mask are ones, up to the top of the word.
            int ones = BitOperations.LeadingZeroCount(~word);
            if (ones >= 2 * _bits && _column < _used)
            {
                _poisoned.Add(_index + ((WordBits - ones + _bits - 1) / _bits));
            }

            _words++;
            _held |= (ulong)word << _heldBits;
            for (_heldBits += WordBits; _heldBits >= _bits; _heldBits -= _bits)
            {
                Look((int)(_held & ((1u << _bits) - 1)));
                _held >>= _bits;
            }
        }
    }

    public void Finish() => _findings.Add(this);

    /// <summary>The place of a field: its group and output.</summary>
    public string PlaceOf(long index)
    {
        (long row, long column) = Math.DivRem(index, _rowLength);
        if (Layout == PackedMatrixLayout.AwqGemm)
        {
            column = (column / AwqFields * AwqFields) + GemmOrder[column % AwqFields];
        }

        (long group, long output) = Layout == PackedMatrixLayout.AwqGemv ? (column, row) : (row, column);
        return IO.ErrorText.Invariant($"group {group}, output {output}");
    }

    private void Look(int value)
    {
        long index = _index++;
        if (_column < _used)
        {
            _counts[value]++;
            if (value == _counts.Length - 1)
            {
                _ones.Add(index);
            }

            if (_isSymmetric == true && value != Symmetric)
            {
                _asymmetric.Add(index);
            }
        }

        _column = _column + 1 == _rowLength ? 0 : _column + 1;
    }
}
