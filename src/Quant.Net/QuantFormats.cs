using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Quant.Net.Native;

namespace Quant.Net;

/// <summary>The formats that the native library knows.</summary>
public static unsafe class QuantFormats
{
    // Lazy and not a static field's initializer, so that a missing library is its own exception and not a TypeInitializationException.
    private static readonly Lazy<IReadOnlyList<QuantFormatInfo>> List = new(Load);
    private static readonly Lazy<FrozenDictionary<QuantFormat, QuantFormatInfo>> ByFormat = new(
        () => List.Value.ToFrozenDictionary(info => info.Format));

    /// <summary>All of them, in order of their numbers.</summary>
    /// <exception cref="DllNotFoundException">The native library was not found.</exception>
    public static IReadOnlyList<QuantFormatInfo> All => List.Value;

    /// <summary>What is known of a format.</summary>
    /// <param name="format">The format.</param>
    /// <returns>Its facts.</returns>
    /// <exception cref="ArgumentException"><paramref name="format"/> is unknown.</exception>
    public static QuantFormatInfo Get(QuantFormat format) => TryGet(format, out QuantFormatInfo? info)
        ? info
        : throw new ArgumentException($"Format {(int)format} is unknown.", nameof(format));

    /// <summary>What is known of a format, if anything.</summary>
    /// <param name="format">The format; any number may be cast to it.</param>
    /// <param name="info">Its facts, or null.</param>
    /// <returns>Whether it is known.</returns>
    public static bool TryGet(QuantFormat format, [NotNullWhen(true)] out QuantFormatInfo? info) =>
        ByFormat.Value.TryGetValue(format, out info);

    /// <summary>Finds a format by its name.</summary>
    /// <param name="name">A name such as "Q4_K"; upper and lower case are the same.</param>
    /// <param name="info">Its facts, or null.</param>
    /// <returns>Whether there is one of that name.</returns>
    public static bool TryParse([NotNullWhen(true)] string? name, [NotNullWhen(true)] out QuantFormatInfo? info)
    {
        info = All.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase));
        return info is not null;
    }

    private static IReadOnlyList<QuantFormatInfo> Load()
    {
        QuantFormatInfo[] formats = new QuantFormatInfo[(int)NativeMethods.qn_format_count()];
        for (int i = 0; i < formats.Length; i++)
        {
            qn_format_info info = new() { struct_size = (uint)sizeof(qn_format_info) };
            Status.ThrowIfFailed(NativeMethods.qn_format_at((nuint)i, &info));
            formats[i] = new QuantFormatInfo(in info);
        }

        return Array.AsReadOnly(formats);
    }
}
