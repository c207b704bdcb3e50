using System.Runtime.InteropServices;
using Quant.Net.Modules;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>
/// Counts scales that are 0, too small to be normal, or negative: all legal, and none that a quantizer has reason to write. Those
/// that are NaN or infinite are found in every tensor.
/// </summary>
internal sealed class ScaleWatch(PackedModule module, SafetensorsTensor tensor, ScaleFindings findings) : ITensorWatch
{
    private const ushort HalfSign = 0x8000, HalfExponent = 0x7C00, BFloat16Exponent = 0x7F80;
    private const uint FloatSign = 0x80000000, FloatExponent = 0x7F800000;
    private const byte NoNumber = 0xFF;

    // What lies behind the last group of a row of AWQ's gemv is padding; in gemv_fast it is rows.
    private readonly long _rowLength = tensor.RowLength;
    private readonly long _used = module.Layout == PackedMatrixLayout.AwqGemv ? Groups(module) : tensor.RowLength;
    private readonly long _usedRows = module.Layout == PackedMatrixLayout.AwqGemvFast ? Groups(module) : long.MaxValue;
    private readonly OddValues _zero = new(), _subnormal = new(), _negative = new(), _infinite = new();
    private long _index;

    /// <summary>Whether anything is asked of scales of a type.</summary>
    public static bool Watches(SafetensorsTensor tensor) =>
        tensor.Type is SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F32 or SafetensorsType.U8;

    /// <summary>How many groups a row has.</summary>
    public static long Groups(PackedModule module) => module.GroupSize == 0 ? 1 : ((module.Columns - 1) / module.GroupSize) + 1;

    public void Add(ReadOnlySpan<byte> piece)
    {
        switch (tensor.Type)
        {
            case SafetensorsType.F32:
                foreach (uint bits in MemoryMarshal.Cast<byte, uint>(piece))
                {
                    Look(bits & ~FloatSign, FloatExponent, (bits & FloatSign) != 0);
                }

                break;
            case SafetensorsType.U8:
                LookAtPowers(piece);
                break;
            default:
                ushort exponent = tensor.Type == SafetensorsType.F16 ? HalfExponent : BFloat16Exponent;
                foreach (ushort bits in MemoryMarshal.Cast<byte, ushort>(piece))
                {
                    Look(bits & ~(uint)HalfSign, exponent, (bits & HalfSign) != 0);
                }

                break;
        }
    }

    public void Finish()
    {
        findings.Zero.Add(tensor, _zero);
        findings.Subnormal.Add(tensor, _subnormal);
        findings.Negative.Add(tensor, _negative);
        findings.Infinite.Add(tensor, _infinite);
    }

    private void Look(uint magnitude, uint exponent, bool isNegative)
    {
        long index = _index++;
        if ((magnitude & exponent) != 0 && !isNegative)
        {
            return;
        }

        if (index % _rowLength >= _used || index / _rowLength >= _usedRows)
        {
            return;
        }

        OddValues odd = magnitude == 0 ? _zero : (magnitude & exponent) == 0 ? _subnormal : _negative;
        odd.Add(index);
    }

    // MXFP4: powers of two. All of them are used, and 255 is no number. (bitsandbytes has codes here, of which nothing is asked.)
    private void LookAtPowers(ReadOnlySpan<byte> piece)
    {
        for (int i = 0; i < piece.Length && module.Layout == PackedMatrixLayout.Mxfp4Rows; i++)
        {
            if (piece[i] == NoNumber)
            {
                _infinite.Add(_index + i);
            }
        }

        _index += piece.Length;
    }
}
