using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>A tensor that is to be written.</summary>
internal sealed record SlicedTensor(string Name, SafetensorsType Type, long[] Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Its bytes, also where only its shape is known.</summary>
    public long ByteLength => SafetensorsTypes.ByteLength(Type, Shape)!.Value;
}
