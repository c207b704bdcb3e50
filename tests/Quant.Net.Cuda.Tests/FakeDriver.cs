using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Quant.Net.Cuda.Tests;

/// <summary>The driver without a GPU: see tests/native/fake_cuda/fake_cuda.h.</summary>
internal static unsafe class FakeDriver
{
    private static nint _library;

    /// <summary>A real GPU that is to be tested instead, such as cuda:0: QN_GPU, as for the native tests of a GPU.</summary>
    public static string? RealGpu { get; } = Environment.GetEnvironmentVariable("QN_GPU");

    /// <summary>Why there is nothing to test, or null.</summary>
    public static string? Missing { get; private set; }

    /// <summary>Starts anew with settings.</summary>
    public static void Configure(string settings) => Call<nint>("fake_cuda_configure", settings);

    /// <summary>Adds settings; calls are counted from now on.</summary>
    public static void Add(string settings) => Call<nint>("fake_cuda_add", settings);

    /// <summary>How often the driver was called at an entry point since then.</summary>
    public static int Calls(string entry) => Call<int>("fake_cuda_calls", entry);

    /// <summary>Everything that lives: contexts, modules, streams, events, buffers of the GPU and of the host.</summary>
    public static Counts Living => ((delegate* unmanaged<Counts>)NativeLibrary.GetExport(_library, "fake_cuda_counts"))();

    /// <summary>What the library did wrong, or "".</summary>
    public static string Misuses => Marshal.PtrToStringUTF8(
        (nint)((delegate* unmanaged<byte*>)NativeLibrary.GetExport(_library, "fake_cuda_misuses"))())!;

    /// <summary>Loads the fake before the library looks for a driver: it is then found by its name.</summary>
#pragma warning disable CA2255 // it has to be before any test
    [ModuleInitializer]
    internal static void Load()
    {
        if (RealGpu is not null)
        {
            Missing = $"{RealGpu} is tested, and not the fake driver";
            return;
        }

        string root = typeof(FakeDriver).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
        string path = Path.Combine(root, "artifacts/cmake/release/tests/fake_cuda/libcuda.so.1");
        if (!File.Exists(path))
        {
            Missing = $"{path} is not built";
            return;
        }

        _library = NativeLibrary.Load(path);
        Configure("");
        Missing = QuantDevice.Enumerate().Count > 1 ? null : "the native library has no CUDA kernels";
    }
#pragma warning restore CA2255

    private static T Call<T>(string function, string text)
        where T : unmanaged
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(text + "\0"))
        {
            return ((delegate* unmanaged<byte*, T>)NativeLibrary.GetExport(_library, function))(bytes);
        }
    }

    internal record struct Counts(int Contexts, int Modules, int Streams, int Events, int DeviceBuffers, int PinnedBuffers);
}

/// <summary>A test that needs the fake driver and a library with kernels.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GpuFactAttribute : FactAttribute
{
    public GpuFactAttribute() => Skip = FakeDriver.Missing;
}

/// <summary>The same with rows of data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GpuTheoryAttribute : TheoryAttribute
{
    public GpuTheoryAttribute() => Skip = FakeDriver.Missing;
}

/// <summary>A test for the fake driver and for real GPUs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AnyGpuTheoryAttribute : TheoryAttribute
{
    public AnyGpuTheoryAttribute() => Skip = FakeDriver.RealGpu is null ? FakeDriver.Missing : null;
}
