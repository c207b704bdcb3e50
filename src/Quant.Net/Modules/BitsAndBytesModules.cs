using System.Text.Json;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>Modules of bitsandbytes: NF4, FP4 and LLM.int8.</summary>
internal static unsafe class BitsAndBytesModules
{
    private const int MostStateBytes = 64 << 10;

    private static readonly string[] StateParts = [".weight.quant_state.bitsandbytes__nf4", ".weight.quant_state.bitsandbytes__fp4"];

    public static ModuleArrays? Read(ModuleParts parts) =>
        parts.Has(".SCB") ? ReadIntegers(parts) : parts.Has(".weight.absmax") ? ReadFourBits(parts) : null;

    private static ModuleArrays ReadIntegers(ModuleParts parts)
    {
        SafetensorsTensor codes = parts.Get(".weight", SafetensorsType.I8);
        SafetensorsTensor scales = parts.Get(".SCB", SafetensorsType.F32);
        parts.RequireShape(codes, -1, -1);
        parts.RequireShape(scales, codes.Shape[0]);
        SafetensorsTensor? format = parts.Find(".weight_format", SafetensorsType.U8);
        if (format is { ByteLength: > 1 })
        {
            throw parts.Fault(format, $"has {format.ByteLength} numbers, expected 1");
        }

        if (format is { ByteLength: > 0 } && *format.Pointer != 0)
        {
            throw parts.Foreign($"its weight_format is {*format.Pointer}, an order for one kind of GPU, expected 0 (rows)");
        }

        return new ModuleArrays(PackedMatrixLayout.LlmInt8, codes.Shape[0], codes.Shape[1], Bits: 8, codes)
        {
            Scales = scales,
            Others = format is null ? [] : [format],
        };
    }

    private static ModuleArrays ReadFourBits(ModuleParts parts)
    {
        string part = StateParts.FirstOrDefault(parts.Has) ?? StateParts[0];
        SafetensorsTensor text = parts.Get(part, SafetensorsType.U8);
        Settings state = ReadState(parts, text);
        SafetensorsTensor codes = parts.Get(".weight");
        SafetensorsTensor scales = parts.Get(".weight.absmax", SafetensorsType.F32, SafetensorsType.U8);
        SafetensorsTensor levels = parts.Get(".weight.quant_map", SafetensorsType.F32);
        IReadOnlyList<long> shape = state.Numbers("shape");
        if (shape is not [> 0, > 0])
        {
            throw parts.Fault(text, $"says the shape [{string.Join(", ", shape)}], expected two lengths");
        }

        bool isNested = scales.Type == SafetensorsType.U8;
        return new ModuleArrays(PackedMatrixLayout.Bnb4Bit, shape[0], shape[1], Bits: 4, codes)
        {
            Scales = scales,
            Levels = levels,
            ScaleLevels = isNested ? parts.Get(".weight.nested_quant_map", SafetensorsType.F32) : null,
            ScaleScales = isNested ? parts.Get(".weight.nested_absmax", SafetensorsType.F32) : null,
            Others = [text],
            GroupSize = state.Number("blocksize") ?? throw parts.Fault(text, $"says no blocksize"),
            ScaleGroup = isNested ? state.Number("nested_blocksize") ?? throw parts.Fault(text, $"says no nested_blocksize") : 0,
            ScaleOffset = isNested ? (float)(state.Decimal("nested_offset") ?? throw parts.Fault(text, $"says no nested_offset")) : 0,
        };
    }

    private static Settings ReadState(ModuleParts parts, SafetensorsTensor text)
    {
        if (text.ByteLength > MostStateBytes)
        {
            throw parts.Fault(text, $"has {text.ByteLength} bytes, expected at most {MostStateBytes}");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(new ReadOnlySpan<byte>(text.Pointer, (int)text.ByteLength).ToArray());
            return Settings.Of(text.File.Path, text.Name, document.RootElement.Clone());
        }
        catch (JsonException error)
        {
            throw parts.Fault(text, $"is no valid JSON: {ErrorText.Escape(error.Message, 80)}");
        }
    }
}
