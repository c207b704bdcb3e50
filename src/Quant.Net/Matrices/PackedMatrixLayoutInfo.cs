using Quant.Net.Native;

namespace Quant.Net;

/// <summary>What is known of a layout of packed matrices, as the native library tells it.</summary>
public sealed unsafe class PackedMatrixLayoutInfo
{
    private const int MostBits = 32;

    internal PackedMatrixLayoutInfo(in qn_matrix_layout_info info)
    {
        uint bits = info.bits;
        Layout = info.layout;
        Name = NativeText.Read(info.name);
        Formula = NativeText.Read(info.formula);
        Bits = Array.AsReadOnly(Enumerable.Range(0, MostBits).Where(bit => (bits >> bit & 1) != 0).ToArray());
    }

    /// <summary>The layout.</summary>
    public PackedMatrixLayout Layout { get; }

    /// <summary>Its name, such as "GPTQ".</summary>
    public string Name { get; }

    /// <summary>How a weight is computed, in one line.</summary>
    public string Formula { get; }

    /// <summary>How many bits a code may have.</summary>
    public IReadOnlyList<int> Bits { get; }

    /// <summary>The layout's name.</summary>
    /// <returns><see cref="Name"/>.</returns>
    public override string ToString() => Name;
}
