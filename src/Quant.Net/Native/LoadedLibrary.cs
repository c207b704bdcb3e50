using System.Diagnostics;

namespace Quant.Net.Native;

/// <summary>A native library that was loaded.</summary>
/// <param name="handle">The operating system's handle.</param>
/// <param name="path">Its file, or null if only the runtime knows it.</param>
internal sealed class LoadedLibrary(nint handle, string? path = null)
{
    private string? _path = path;

    /// <summary>The operating system's handle.</summary>
    public nint Handle => handle;

    /// <summary>Its file. Looked up only when asked for, because that takes milliseconds.</summary>
    public string Path => _path ??= FindModule();

    private static string FindModule()
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().FirstOrDefault(module => module.ModuleName == NativeLibraryLoader.FileName)?.FileName
            ?? NativeLibraryLoader.FileName;
    }
}
