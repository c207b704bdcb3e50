using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>Modules with a <c>qweight</c>: GPTQ and AWQ, told apart by their shapes (see docs/formats-safetensors.md).</summary>
internal static class IntegerModules
{
    private const int WordBits = 32;

    private static readonly SafetensorsType[] ScaleTypes = [SafetensorsType.F16, SafetensorsType.BF16, SafetensorsType.F32];

    public static ModuleArrays? Read(ModuleParts parts)
    {
        SafetensorsTensor codes = parts.Get(".qweight", SafetensorsType.I32, SafetensorsType.I16);
        SafetensorsTensor scales = parts.Get(".scales", ScaleTypes);
        parts.RequireShape(codes, -1, -1);
        parts.RequireShape(scales, -1, -1);
        if (codes.Type == SafetensorsType.I16)
        {
            return ReadGemvFast(parts, codes, scales);
        }

        bool hasIndex = parts.Has(".g_idx");
        PackedMatrixLayout layout = parts.Facts.Layout ?? (
            scales.Shape[1] == codes.Shape[1] * 8 ? PackedMatrixLayout.AwqGemm
            : scales.Shape[1] != codes.Shape[1] ? PackedMatrixLayout.AwqGemv
            : scales.Shape[0] != codes.Shape[0] || hasIndex ? PackedMatrixLayout.Gptq
            : throw parts.Unsupported($"its shapes are those of GPTQ and of AWQ, and nothing says which it is, expected a quant_method in the settings"));
        return layout switch
        {
            PackedMatrixLayout.AwqGemm => ReadGemm(parts, codes, scales),
            PackedMatrixLayout.AwqGemv => ReadGemv(parts, codes, scales),
            PackedMatrixLayout.Gptq => ReadGptq(parts, codes, scales),
            _ => throw parts.Fault(codes, $"is {codes.Type}, expected {SafetensorsType.I16} for {PackedMatrixLayouts.NameOf(layout)}"),
        };
    }

    private static ModuleArrays ReadGptq(ModuleParts parts, SafetensorsTensor codes, SafetensorsTensor scales)
    {
        bool plusOne = parts.Facts.IsZeroPlusOne
            ?? throw parts.Foreign($"its checkpoint format is {IO.ErrorText.Quote(parts.Facts.CheckpointFormat!)}, expected 'gptq' or 'gptq_v2'");
        SafetensorsTensor zeros = parts.Get(".qzeros", SafetensorsType.I32);
        long rows = codes.Shape[1], groups = scales.Shape[0];
        parts.RequireShape(scales, -1, rows);
        parts.RequireShape(zeros, groups, -1);
        if (rows > 0 && zeros.Shape[1] * WordBits % rows == 0 && zeros.Shape[1] * WordBits / rows is 5 or 6 or 7)
        {
            throw parts.Foreign($"has {zeros.Shape[1] * WordBits / rows} bits, split into planes, expected 2, 3, 4 or 8");
        }

        if (rows == 0 || zeros.Shape[1] * WordBits % rows != 0 || zeros.Shape[1] * WordBits / rows is var bits && bits is not (2 or 3 or 4 or 8))
        {
            throw parts.Fault(zeros, $"has {zeros.Shape[1]} words for {rows} outputs, expected those of 2, 3, 4 or 8 bits");
        }

        long columns = codes.Shape[0] * WordBits / bits;
        if (columns * bits != codes.Shape[0] * WordBits)
        {
            throw parts.Fault(codes, $"has {codes.Shape[0]} rows of words, expected whole codes of {bits} bits");
        }

        SafetensorsTensor? index = parts.Find(".g_idx", SafetensorsType.I32);
        parts.RequireList(index, columns);

        bool unset = index is not null && !Groups(index).ContainsAnyExcept(Unset);
        NativeMatrixFlags wraps = parts.Options.ZeroWraps ? NativeMatrixFlags.ZeroWraps : 0;
        return new ModuleArrays(PackedMatrixLayout.Gptq, rows, columns, (int)bits, codes)
        {
            Scales = scales,
            Zeros = zeros,
            GroupIndex = unset ? null : index,
            Unused = unset ? index : null,
            GroupSize = parts.GroupSize(scales, columns, groups, mayEndShort: true, unset ? null : index),
            Flags = plusOne ? NativeMatrixFlags.ZeroPlusOne | wraps : 0,
        };
    }

    /// <summary>What a list of groups holds that was never filled in.</summary>
    internal const int Unset = -1;

    /// <summary>The numbers in a list of groups.</summary>
    internal static unsafe ReadOnlySpan<int> Groups(SafetensorsTensor index) => new(index.Pointer, (int)index.ElementCount);

    private static ModuleArrays ReadGemm(ModuleParts parts, SafetensorsTensor codes, SafetensorsTensor scales)
    {
        SafetensorsTensor? zeros = parts.Find(".qzeros", SafetensorsType.I32);
        long rows = codes.Shape[1] * 8, columns = codes.Shape[0], groups = scales.Shape[0];
        parts.RequireShape(scales, -1, rows);
        if (zeros is not null)
        {
            parts.RequireShape(zeros, groups, codes.Shape[1]);
        }

        return new ModuleArrays(PackedMatrixLayout.AwqGemm, rows, columns, Bits: 4, codes)
        {
            Scales = scales,
            Zeros = zeros,
            GroupSize = parts.GroupSize(scales, columns, groups),
        };
    }

    private static ModuleArrays ReadGemv(ModuleParts parts, SafetensorsTensor codes, SafetensorsTensor scales)
    {
        SafetensorsTensor zeros = parts.Get(".qzeros", SafetensorsType.I32);
        parts.RequireShape(scales, codes.Shape[0], -1);
        parts.RequireShape(zeros, codes.Shape[0], -1);
        return new ModuleArrays(PackedMatrixLayout.AwqGemv, codes.Shape[0], codes.Shape[1] * 8, Bits: 4, codes)
        {
            Scales = scales,
            Zeros = zeros,
            GroupSize = SettingsGroup(parts),
        };
    }

    private static ModuleArrays ReadGemvFast(ModuleParts parts, SafetensorsTensor codes, SafetensorsTensor scales)
    {
        SafetensorsTensor zeros = parts.Get(".qzeros", scales.Type);
        long rows = codes.Shape[0] * 4;
        parts.RequireShape(scales, -1, rows);
        parts.RequireShape(zeros, scales.Shape[0], rows);
        return new ModuleArrays(PackedMatrixLayout.AwqGemvFast, rows, codes.Shape[1], Bits: 4, codes)
        {
            Scales = scales,
            Zeros = zeros,
            GroupSize = SettingsGroup(parts),
        };
    }

    // These layouts are padded, so that their shapes do not tell.
    private static long SettingsGroup(ModuleParts parts) => parts.Facts.GroupSize
        ?? throw parts.Unsupported($"its groups cannot be told from its shapes, expected a group size in the settings");
}
