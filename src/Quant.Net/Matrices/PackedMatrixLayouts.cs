using Quant.Net.IO;
using Quant.Net.Native;

namespace Quant.Net;

/// <summary>The layouts of packed matrices that the native library knows.</summary>
public static unsafe class PackedMatrixLayouts
{
    private static readonly Lazy<IReadOnlyList<PackedMatrixLayoutInfo>> List = new(Load);

    /// <summary>All of them, in order of their numbers.</summary>
    /// <exception cref="DllNotFoundException">The native library was not found.</exception>
    public static IReadOnlyList<PackedMatrixLayoutInfo> All => List.Value;

    /// <summary>The name of a layout for messages, or its number where nobody knows it.</summary>
    internal static string NameOf(PackedMatrixLayout layout) =>
        All.FirstOrDefault(info => info.Layout == layout)?.Name ?? ErrorText.Invariant($"layout {(int)layout}");

    private static IReadOnlyList<PackedMatrixLayoutInfo> Load()
    {
        PackedMatrixLayoutInfo[] layouts = new PackedMatrixLayoutInfo[(int)NativeMethods.qn_matrix_layout_count()];
        for (int i = 0; i < layouts.Length; i++)
        {
            qn_matrix_layout_info info = new() { struct_size = (uint)sizeof(qn_matrix_layout_info) };
            Status.ThrowIfFailed(NativeMethods.qn_matrix_layout_at((nuint)i, &info));
            layouts[i] = new PackedMatrixLayoutInfo(in info);
        }

        return Array.AsReadOnly(layouts);
    }
}
