using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Quant.Net.Bindings.Clang;

/// <summary>Finds a libclang and the headers (stdint.h, stddef.h) that come with it.</summary>
internal static partial class LibClangLoader
{
    private const int OldestVersion = 16;
    private const int NewestVersion = 40;
    private const string Advice = "on Debian and Ubuntu: apt-get install libclang1-19 libclang-common-19-dev";

    /// <summary>Loads libclang and returns the directory of its headers.</summary>
    /// <param name="library">A library file, or null to search.</param>
    /// <param name="include">A directory with stdint.h, or null to search.</param>
    public static string Load(string? library, string? include)
    {
        nint handle = Open(library);
        NativeLibrary.SetDllImportResolver(
            Assembly.GetExecutingAssembly(), (name, _, _) => name == LibClang.LibraryName ? handle : 0);

        string banner = ClangText.Take(LibClang.clang_getClangVersion());
        if (VersionNumber().Match(banner) is not { Success: true } match || int.Parse(match.Groups[1].Value) < OldestVersion)
        {
            throw new GeneratorException($"found '{banner}', expected libclang {OldestVersion} or newer; {Advice}");
        }

        return include ?? FindHeaders(match.Groups[1].Value);
    }

    private static nint Open(string? library)
    {
        foreach (string candidate in library is null ? LibraryCandidates() : [library])
        {
            if (NativeLibrary.TryLoad(candidate, out nint handle))
            {
                return handle;
            }
        }

        throw new GeneratorException(library is null
            ? $"no libclang of version {OldestVersion} to {NewestVersion} found; {Advice}, or name one with --libclang FILE"
            : $"{library}: cannot be loaded, expected a libclang library");
    }

    private static IEnumerable<string> LibraryCandidates()
    {
        for (int version = NewestVersion; version >= OldestVersion; version--)
        {
            yield return $"libclang-{version}.so.1";
            yield return $"libclang.so.{version}";
            yield return $"/usr/lib/llvm-{version}/lib/libclang.so.1";
        }

        yield return "/opt/homebrew/opt/llvm/lib/libclang.dylib";
        yield return @"C:\Program Files\LLVM\bin\libclang.dll";
    }

    private static string FindHeaders(string version)
    {
        string[] candidates =
        [
            $"/usr/lib/llvm-{version}/lib/clang/{version}/include",
            $"/usr/lib/clang/{version}/include",
            $"/usr/lib64/clang/{version}/include",
            $"/opt/homebrew/opt/llvm/lib/clang/{version}/include",
            $@"C:\Program Files\LLVM\lib\clang\{version}\include",
        ];
        return Array.Find(candidates, directory => File.Exists(Path.Combine(directory, "stdint.h")))
            ?? throw new GeneratorException(
                $"no stdint.h of clang {version} in {string.Join(", ", candidates)}; "
                + $"on Debian and Ubuntu: apt-get install libclang-common-{version}-dev, or name its directory with --include DIR");
    }

    [GeneratedRegex(@"version (\d+)\.")]
    private static partial Regex VersionNumber();
}
