using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>Modules of 8-bit and 4-bit floats: FP8, MXFP4 and NVFP4.</summary>
internal static unsafe class FloatModules
{
    private const int MxGroup = 32, NvGroup = 16;

    private static readonly SafetensorsType[] ScaleTypes = [SafetensorsType.F16, SafetensorsType.BF16, SafetensorsType.F32];

    // Their packed weights have other names or types: a weight of 8-bit floats is a plain one.
    private static readonly string[] MethodsWithoutFloats = ["gptq", "awq", "mxfp4", "bitsandbytes"];

    /// <summary>compressed-tensors: MXFP4 and NVFP4.</summary>
    public static ModuleArrays ReadPacked(ModuleParts parts)
    {
        SafetensorsTensor codes = parts.Get(".weight_packed", SafetensorsType.U8);
        parts.RequireShape(codes, -1, -1);
        if (parts.Has(".weight_global_scale"))
        {
            return ReadNvfp4(parts, codes, parts.Get(".weight_global_scale", SafetensorsType.F32), NativeMatrixFlags.ScalesDivided);
        }

        if (parts.TryGet(".weight_scale", out SafetensorsTensor? own) && own.Type == SafetensorsType.F8_E4M3)
        {
            throw parts.Missing(".weight_global_scale");   // which NVFP4 has
        }

        SafetensorsTensor scales = parts.Get(".weight_scale", SafetensorsType.U8, SafetensorsType.F8_E8M0);
        return ReadMxfp4(parts, codes, scales, codes.Shape[0], codes.Shape[1] * 2);
    }

    /// <summary>gpt-oss: MXFP4 in blocks of bytes, of several experts.</summary>
    public static ModuleArrays? ReadBlocks(ModuleParts parts)
    {
        if (parts.Get("_blocks").Type != SafetensorsType.U8 && !parts.Has("_scales"))
        {
            return null;
        }

        SafetensorsTensor codes = parts.Get("_blocks", SafetensorsType.U8);
        parts.RequireShape(codes, -1, -1, -1, MxGroup / 2);
        SafetensorsTensor scales = parts.Get("_scales", SafetensorsType.U8, SafetensorsType.F8_E8M0);
        parts.RequireShape(scales, codes.Shape[0], codes.Shape[1], codes.Shape[2]);
        long columns = codes.Shape[2] * MxGroup;
        return new ModuleArrays(PackedMatrixLayout.Mxfp4Rows, codes.Shape[0] * codes.Shape[1], columns, Bits: 4, codes)
        {
            Scales = scales,
            GroupSize = MxGroup,
            Shape = [codes.Shape[0], codes.Shape[1], columns],
        };
    }

    /// <summary>ModelOpt: NVFP4.</summary>
    public static ModuleArrays? ReadNvfp4(ModuleParts parts) =>
        parts.Get(".weight") is { Type: SafetensorsType.U8 } codes && parts.Has(".weight_scale_2")
            ? ReadNvfp4(parts, codes, parts.Get(".weight_scale_2", SafetensorsType.F32), 0)
            : null;

    public static ModuleArrays? ReadFloat8(ModuleParts parts)
    {
        SafetensorsTensor codes = parts.Get(".weight");
        string part = parts.Has(".weight_scale_inv") ? ".weight_scale_inv" : ".weight_scale";
        bool isFloat8 = codes.Type is SafetensorsType.F8_E4M3 or SafetensorsType.F8_E5M2;
        if (!parts.Has(part))
        {
            return isFloat8 && parts.LacksScales(MethodsWithoutFloats) ? throw parts.LackOfScales(codes, part) : null;
        }

        if (!isFloat8)
        {
            throw parts.Fault(codes, $"is {codes.Type} and has scales, expected {SafetensorsType.F8_E4M3} or {SafetensorsType.I8}");
        }

        if (codes.Type == SafetensorsType.F8_E5M2)
        {
            throw parts.Foreign($"its weights are {codes.Type} with scales, expected {SafetensorsType.F8_E4M3}");
        }

        if (parts.TryGet(part, out SafetensorsTensor? powers) && powers.Type is SafetensorsType.U8 or SafetensorsType.F8_E8M0)
        {
            throw parts.Foreign($"its scales are {powers.Type}, powers of two as MXFP8 has them, expected {string.Join(" or ", ScaleTypes)}");
        }

        parts.RequireShape(codes, -1, -1);
        SafetensorsTensor scales = parts.Get(part, ScaleTypes);
        (long rows, long columns) = (codes.Shape[0], codes.Shape[1]);
        (long groupRows, long group) = Blocks(parts, scales, rows, columns);
        return new ModuleArrays(PackedMatrixLayout.Float8, rows, columns, Bits: 8, codes)
        {
            Scales = scales,
            GroupRows = groupRows,
            GroupSize = group,
        };
    }

    // Rows and columns that share a scale.
    private static (long Rows, long Columns) Blocks(ModuleParts parts, SafetensorsTensor scales, long rows, long columns)
    {
        if (scales.ElementCount == 1)
        {
            return (rows, 0);
        }

        if (scales.Shape[0] == rows && (scales.Shape.Count == 1 || scales.Shape is [_, 1]))
        {
            return (0, 0);
        }

        if (parts.Facts is not { GroupRows: { } height and > 0, GroupSize: { } width and > 0 })
        {
            throw parts.Unsupported($"the size of its blocks cannot be told from its shapes, expected one in the settings");
        }

        parts.RequireShape(scales, ((rows - 1) / height) + 1, ((columns - 1) / width) + 1);
        return (height, width);
    }

    private static ModuleArrays ReadMxfp4(ModuleParts parts, SafetensorsTensor codes, SafetensorsTensor scales, long rows, long columns)
    {
        parts.RequireShape(scales, rows, columns / MxGroup);
        return new ModuleArrays(PackedMatrixLayout.Mxfp4Rows, rows, columns, Bits: 4, codes) { Scales = scales, GroupSize = MxGroup };
    }

    private static ModuleArrays ReadNvfp4(ModuleParts parts, SafetensorsTensor codes, SafetensorsTensor global, NativeMatrixFlags flags)
    {
        parts.RequireShape(codes, -1, -1);
        SafetensorsTensor scales = parts.Get(".weight_scale", SafetensorsType.F8_E4M3);
        (long rows, long columns) = (codes.Shape[0], codes.Shape[1] * 2);
        parts.RequireShape(scales, rows, columns / NvGroup);
        if (global.ElementCount != 1)
        {
            throw parts.Fault(global, $"has {global.ElementCount} numbers, expected 1");
        }

        return new ModuleArrays(PackedMatrixLayout.Nvfp4Rows, rows, columns, Bits: 4, codes)
        {
            Scales = scales,
            Others = [global],
            GroupSize = NvGroup,
            Flags = flags,
            GlobalScale = *(float*)global.Pointer,
        };
    }
}
