namespace Quant.Net.Tool.Output;

/// <summary>What is decoded, as results name it: a format, or a layout of packed matrices with the bits of its codes.</summary>
internal static class Subjects
{
    /// <summary>Every layout with every number of bits that its codes may have.</summary>
    public static IEnumerable<(PackedMatrixLayoutInfo Layout, int Bits)> Layouts =>
        PackedMatrixLayouts.All.SelectMany(layout => layout.Bits.Select(bits => (layout, bits)));

    /// <summary>The format's name, or its number where the library does not know it.</summary>
    public static string NameOf(QuantFormat format) =>
        QuantFormats.TryGet(format, out QuantFormatInfo? info) ? info.Name : $"type {(int)format}";

    /// <summary>A layout with bits, such as <c>GPTQ:4</c>; the layout's number where the library does not know it.</summary>
    public static string NameOf(PackedMatrixLayout layout, int bits) =>
        $"{PackedMatrixLayouts.All.FirstOrDefault(info => info.Layout == layout)?.Name ?? $"layout {(int)layout}"}:{bits}";
}
