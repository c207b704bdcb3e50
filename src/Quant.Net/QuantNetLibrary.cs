using Quant.Net.Native;

namespace Quant.Net;

/// <summary>The native library behind Quant.Net. Asking for anything loads it.</summary>
/// <remarks>
/// It is looked for beside Quant.Net.dll and in the package's <c>runtimes</c> folder; the environment variable
/// <c>QUANTNET_LIBRARY</c> names another file.
/// </remarks>
public static unsafe class QuantNetLibrary
{
    /// <summary>The file that was loaded.</summary>
    /// <exception cref="DllNotFoundException">There is none; the message says where it was looked for.</exception>
    /// <exception cref="QuantNetException">It has another interface version.</exception>
    public static string Path => NativeLibraryLoader.Loaded.Path;

    /// <summary>The library's version, such as "0.1.0".</summary>
    /// <inheritdoc cref="Path" path="/exception"/>
    public static string Version => NativeText.Read(NativeMethods.qn_version());

    /// <summary>The version of its C interface.</summary>
    /// <inheritdoc cref="Path" path="/exception"/>
    public static int InterfaceVersion => (int)NativeMethods.qn_abi_version();
}
