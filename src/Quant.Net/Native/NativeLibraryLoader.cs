using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quant.Net.Native;

/// <summary>Finds and loads the native library, once, and says in words why it cannot.</summary>
internal static unsafe class NativeLibraryLoader
{
    /// <summary>The environment variable that names the library's file; then nothing else is tried.</summary>
    public const string EnvironmentVariable = "QUANTNET_LIBRARY";

    // Lazy keeps an exception too: every later call fails with the same words, without searching again.
    private static readonly Lazy<LoadedLibrary> Library = new(
        () => Load(Environment.GetEnvironmentVariable(EnvironmentVariable), Candidates()));

    /// <summary>The library, loaded when first asked for.</summary>
    public static LoadedLibrary Loaded => Library.Value;

    /// <summary>The name of the library's file on this system.</summary>
    public static string FileName =>
        OperatingSystem.IsWindows() ? "quantnet.dll" : OperatingSystem.IsMacOS() ? "libquantnet.dylib" : "libquantnet.so";

    private static string RuntimeIdentifier
    {
        get
        {
            string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        }
    }

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "It only registers; a static constructor does not run before a P/Invoke binds.")]
    internal static void Register() => NativeLibrary.SetDllImportResolver(
        typeof(NativeLibraryLoader).Assembly, (name, _, _) => name == NativeMethods.LibraryName ? Loaded.Handle : 0);

    /// <summary>Loads the first file that exists; a single-file program's own if there is none.</summary>
    /// <param name="chosen">The only file to try, if not null or empty.</param>
    /// <param name="candidates">The files to try otherwise.</param>
    /// <exception cref="DllNotFoundException">None of them exists, or the first that does cannot be loaded.</exception>
    /// <exception cref="QuantNetException">It is no Quant.Net library, or one of another interface version.</exception>
    internal static LoadedLibrary Load(string? chosen, IReadOnlyList<string> candidates)
    {
        if (!string.IsNullOrEmpty(chosen))
        {
            return File.Exists(chosen)
                ? LoadFile(Path.GetFullPath(chosen))
                : throw new DllNotFoundException($"{EnvironmentVariable} names '{chosen}', expected the file of a Quant.Net library");
        }

        string? path = candidates.FirstOrDefault(File.Exists);
        return (path is not null ? LoadFile(path) : LoadUnpacked())
            ?? throw new DllNotFoundException(
                $"the native library of Quant.Net was not found, expected {string.Join(" or ", candidates)}; "
                + $"build it with ./build.sh native, or set {EnvironmentVariable} to its file");
    }

    /// <summary>Where the library may be, in the order in which it is looked for.</summary>
    internal static IReadOnlyList<string> Candidates()
    {
        List<string> directories = [];
        foreach (string home in new[] { AssemblyDirectory(), AppContext.BaseDirectory })
        {
            // First here: a program's own assembly may have the library's name on Windows.
            directories.Add(Path.Combine(home, "runtimes", RuntimeIdentifier, "native"));
            directories.Add(home);
        }

        // Where the host has found the native files of packages.
        string? known = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string;
        directories.AddRange((known ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        return [.. directories.Select(directory => Path.GetFullPath(Path.Combine(directory, FileName))).Distinct()];
    }

    private static LoadedLibrary LoadFile(string path)
    {
        nint handle;
        try
        {
            handle = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"{path}: cannot be loaded ({OneLine(e.Message)})", e);
        }

        return Checked(new LoadedLibrary(handle, path));
    }

    // A single-file program unpacks its native files to a folder that only the runtime knows.
    private static LoadedLibrary? LoadUnpacked() =>
        IsSingleFile && NativeLibrary.TryLoad(
            FileName, typeof(NativeLibraryLoader).Assembly, DllImportSearchPath.AssemblyDirectory, out nint handle)
            ? Checked(new LoadedLibrary(handle))
            : null;

    private static LoadedLibrary Checked(LoadedLibrary library)
    {
        try
        {
            CheckVersion(library, InterfaceVersion(library));
            return library;
        }
        catch
        {
            NativeLibrary.Free(library.Handle);
            throw;
        }
    }

    internal static void CheckVersion(LoadedLibrary library, uint version)
    {
        if (version != NativeMethods.QN_ABI_VERSION)
        {
            throw new QuantNetException(
                $"{library.Path}: found interface version {version}, expected {NativeMethods.QN_ABI_VERSION}; "
                + "the native library and Quant.Net.dll must come from the same build");
        }
    }

    private static uint InterfaceVersion(LoadedLibrary library)
    {
        const string Function = nameof(NativeMethods.qn_abi_version);
        return NativeLibrary.TryGetExport(library.Handle, Function, out nint function)
            ? ((delegate* unmanaged[Cdecl]<uint>)function)()
            : throw new QuantNetException($"{library.Path}: has no {Function}, expected a Quant.Net library");
    }

    // The runtime's message is advice followed by what the system's loader said, which is the part to keep.
    private static string OneLine(string message) =>
        message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("no reason given");

    // "" in a single file: nothing but the runtime can tell what is in it.
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "An empty location is handled.")]
    private static string AssemblyLocation => typeof(NativeLibraryLoader).Assembly.Location;

    private static bool IsSingleFile => AssemblyLocation.Length == 0;

    private static string AssemblyDirectory() =>
        IsSingleFile ? AppContext.BaseDirectory : Path.GetDirectoryName(AssemblyLocation)!;
}
