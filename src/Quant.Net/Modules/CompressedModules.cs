using System.Globalization;
using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>Modules of compressed-tensors that hold integers, and those with a <c>weight_packed</c>.</summary>
internal static unsafe class CompressedModules
{
    private const int WordBits = 32;

    private static readonly SafetensorsType[] ScaleTypes = [SafetensorsType.F16, SafetensorsType.BF16, SafetensorsType.F32];

    // Their packed weights have other names or types: a weight of 8-bit integers is a plain one.
    private static readonly string[] MethodsWithoutIntegers = ["gptq", "awq", "mxfp4", "fp8"];

    public static ModuleArrays? ReadPacked(ModuleParts parts) =>
        parts.Get(".weight_packed").Type == SafetensorsType.U8 ? FloatModules.ReadPacked(parts) : ReadIntegersOfWords(parts);

    /// <summary>int-quantized: plain 8-bit integers.</summary>
    public static ModuleArrays? ReadIntegers(ModuleParts parts)
    {
        if (parts.Get(".weight") is not { Type: SafetensorsType.I8 } codes || (!parts.Has(".weight_scale") && !parts.LacksScales(MethodsWithoutIntegers)))
        {
            return null;   // plain integers
        }

        if (parts.Config?.Method == "bitsandbytes")
        {
            throw parts.LackOfScales(codes, ".SCB");
        }

        if (!parts.Has(".weight_scale"))
        {
            throw parts.LackOfScales(codes, ".weight_scale");
        }

        parts.RequireShape(codes, -1, -1);
        SafetensorsTensor scales = parts.Get(".weight_scale", ScaleTypes);
        SafetensorsTensor? zeros = parts.Find(".weight_zero_point", SafetensorsType.I8);
        if (zeros is not null)
        {
            parts.RequireShape(zeros, [.. scales.Shape]);
        }

        long rows = codes.Shape[0], columns = codes.Shape[1];
        bool isTensor = scales.ElementCount == 1;
        if (!isTensor)
        {
            parts.RequireShape(scales, rows, -1);
        }

        return new ModuleArrays(PackedMatrixLayout.Int8, rows, columns, Bits: 8, codes)
        {
            Scales = scales,
            Zeros = zeros,
            GroupRows = isTensor ? rows : 0,
            GroupSize = isTensor ? 0 : parts.GroupSize(scales, columns, scales.Shape[1]),
        };
    }

    /// <summary>Whether the shapes of a matrix of packed integers are the same where codes straddle words and where they do not.</summary>
    public static bool HasTwoPackings(long rows, long columns, int bits, bool hasZeros)
    {
        bool Same(long count) => Dense(count, bits) == Padded(count, bits);
        return WordBits % bits != 0 && Same(columns) && (!hasZeros || Same(rows));
    }

    private static ModuleArrays ReadIntegersOfWords(ModuleParts parts)
    {
        SafetensorsTensor codes = parts.Get(".weight_packed", SafetensorsType.I32);
        SafetensorsTensor scales = parts.Get(".weight_scale", ScaleTypes);
        SafetensorsTensor shape = parts.Get(".weight_shape", SafetensorsType.I64, SafetensorsType.I32);
        SafetensorsTensor? zeros = parts.Find(".weight_zero_point", SafetensorsType.I32);
        SafetensorsTensor? index = parts.Find(".weight_g_idx", SafetensorsType.I32);
        parts.RequireShape(shape, 2);
        (long rows, long columns) = shape.Type == SafetensorsType.I64
            ? (((long*)shape.Pointer)[0], ((long*)shape.Pointer)[1])
            : (((int*)shape.Pointer)[0], ((int*)shape.Pointer)[1]);
        parts.RequireShape(codes, rows, -1);
        parts.RequireShape(scales, rows, -1);
        if (columns < 1 || codes.Shape[1] > columns)
        {
            throw parts.Fault(shape, $"says {columns} inputs for rows of {codes.Shape[1]} words");
        }

        parts.RequireList(index, columns);

        (int bits, bool padded) = Packing(parts, codes, columns, rows, zeros);
        bool unset = index is not null && IntegerModules.Groups(index).Contains(IntegerModules.Unset);   // one is enough for the project's own reader
        return new ModuleArrays(PackedMatrixLayout.PackQuantized, rows, columns, bits, codes)
        {
            Scales = scales,
            Zeros = zeros,
            GroupIndex = unset ? null : index,
            Unused = unset ? index : null,
            ShapeTensor = shape,
            GroupSize = parts.GroupSize(scales, columns, scales.Shape[1]),
            Flags = padded ? NativeMatrixFlags.Padded : 0,
        };
    }

    // Words of a string of codes, where codes straddle words or do not.
    private static long Dense(long count, int bits) => ((count * bits) + WordBits - 1) / WordBits;

    private static long Padded(long count, int bits) => (count + (WordBits / bits) - 1) / (WordBits / bits);

    private static (int Bits, bool Padded) Packing(
        ModuleParts parts, SafetensorsTensor codes, long columns, long rows, SafetensorsTensor? zeros)
    {
        long words = codes.Shape[1];
        int bits = parts.Facts.Bits ?? Enumerable.Range(1, 8).FirstOrDefault(candidate => Dense(columns, candidate) == words);
        if (bits is < 1 or > 8 || (Dense(columns, bits) != words && Padded(columns, bits) != words))
        {
            throw parts.Fault(codes, $"has rows of {words} words, expected those of {columns} codes of {parts.Facts.Bits?.ToString(CultureInfo.InvariantCulture) ?? "1 to 8"} bits");
        }

        if (WordBits % bits == 0)
        {
            return (bits, false);
        }

        bool canBeDense = Dense(columns, bits) == words && (zeros is null || zeros.Shape[0] == Dense(rows, bits));
        bool canBePadded = Padded(columns, bits) == words && (zeros is null || zeros.Shape[0] == Padded(rows, bits));
        if (canBeDense != canBePadded)
        {
            return (bits, canBePadded);
        }

        // As many words either way. Bits that padding would leave 0 tell, else the version that wrote them.
        if (canBeDense && HasBitsOfPadding(codes, bits))
        {
            return (bits, false);
        }

        return parts.Facts.Padded is { } padded
            ? (bits, padded)
            : throw parts.Unsupported($"its {bits}-bit codes may be packed in two ways, expected a version in the settings that tells");
    }

    private static bool HasBitsOfPadding(SafetensorsTensor codes, int bits)
    {
        uint padding = ~0u << (WordBits / bits * bits);
        var words = (uint*)codes.Pointer;
        for (long word = 0; word < codes.ElementCount; word++)
        {
            if ((words[word] & padding) != 0)
            {
                return true;
            }
        }

        return false;
    }
}
