using System.Runtime.InteropServices;
using Quant.Net.Native;

namespace Quant.Net.Tests.Bindings;

public sealed class NativeLibraryLoaderTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("quantnet-loader-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void FindsTheLibraryBesideTheAssembly()
    {
        Assert.True(File.Exists(QuantNetLibrary.Path));
        Assert.Contains(QuantNetLibrary.Path, NativeLibraryLoader.Candidates());
        Assert.Equal(NativeMethods.QN_ABI_VERSION, QuantNetLibrary.InterfaceVersion);
        Assert.Equal(
            $"{NativeMethods.QN_VERSION_MAJOR}.{NativeMethods.QN_VERSION_MINOR}.{NativeMethods.QN_VERSION_PATCH}", QuantNetLibrary.Version);
    }

    [Fact]
    public void LooksInThePackageFolderToo() => Assert.Contains(
        NativeLibraryLoader.Candidates(), path => path.Contains(Path.Combine("runtimes", "linux-x64", "native"), StringComparison.Ordinal)
            || !OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64);

    [Fact]
    public void AMissingLibrarySaysWhereItWasLookedFor()
    {
        string[] places = [Path.Combine(_directory, "here.so"), Path.Combine(_directory, "there.so")];
        string message = AssertOneLine(Assert.Throws<DllNotFoundException>(() => NativeLibraryLoader.Load(null, places)));
        Assert.All(places, place => Assert.Contains(place, message, StringComparison.Ordinal));
        Assert.Contains(NativeLibraryLoader.EnvironmentVariable, message, StringComparison.Ordinal);
    }

    [Fact]
    public void AChosenFileThatIsMissingIsNotReplacedByAnother()
    {
        string message = AssertOneLine(Assert.Throws<DllNotFoundException>(
            () => NativeLibraryLoader.Load(Path.Combine(_directory, "chosen.so"), NativeLibraryLoader.Candidates())));
        Assert.Contains("chosen.so", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatIsNoLibraryIsRefused()
    {
        string path = Path.Combine(_directory, "text.so");
        File.WriteAllText(path, "this is not a library");
        string message = AssertOneLine(Assert.Throws<DllNotFoundException>(() => NativeLibraryLoader.Load(null, [path])));
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALibraryOfSomebodyElseIsRefused()
    {
        string name = OperatingSystem.IsWindows() ? "clrjit.dll" : OperatingSystem.IsMacOS() ? "libclrjit.dylib" : "libclrjit.so";
        string path = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), name);
        string message = AssertOneLine(Assert.Throws<QuantNetException>(() => NativeLibraryLoader.Load(path, [])));
        Assert.Equal($"{path}: has no qn_abi_version, expected a Quant.Net library", message);
    }

    [Fact]
    public void ALibraryOfAnotherVersionIsRefused()
    {
        string message = AssertOneLine(Assert.Throws<QuantNetException>(
            () => NativeLibraryLoader.CheckVersion(new LoadedLibrary(0, "other.so"), NativeMethods.QN_ABI_VERSION + 1)));
        Assert.StartsWith("other.so: found interface version 2, expected 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFirstLibraryThatExistsIsTaken()
    {
        string[] places = [Path.Combine(_directory, "none.so"), QuantNetLibrary.Path];
        Assert.Equal(QuantNetLibrary.Path, NativeLibraryLoader.Load(null, places).Path);
    }

    private static string AssertOneLine(Exception e)
    {
        Assert.DoesNotContain(e.Message, char.IsControl);
        return e.Message;
    }
}
