namespace Quant.Net.IO;

/// <summary>A tensor in a file, whatever the container.</summary>
internal interface IStoredTensor
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>The dimensions, outermost first.</summary>
    IReadOnlyList<long> Shape { get; }

    /// <summary>The number of values.</summary>
    long ElementCount { get; }

    /// <summary>Bytes of its data.</summary>
    long ByteLength { get; }

    /// <summary>The values that its bytes hold together, and how many bytes that are: a block, or one value.</summary>
    (int Values, int Bytes) Unit { get; }

    /// <summary>Reads bytes from the file, not from the map.</summary>
    void Read(long offset, Span<byte> destination);
}
