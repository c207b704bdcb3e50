namespace Quant.Net.Tool.Tests.Support;

/// <summary>The command line with the driver of the native tests, which needs no GPU: see tests/native/fake_cuda/fake_cuda.h.</summary>
internal static class FakeGpu
{
    private static readonly string Folder = Repository.PathOf("artifacts/cmake/release/tests/fake_cuda");

    /// <summary>Why it cannot be used, or null.</summary>
    public static string? Missing { get; } =
        !File.Exists(Path.Combine(Folder, "libcuda.so.1")) ? "the fake driver is not built"
        : !File.Exists(Repository.PathOf("artifacts/cmake/release/images/Q4_K.sm_75.ptx")) ? "the native library has no CUDA kernels"
        : null;

    /// <summary>Runs a command line with settings of the driver.</summary>
    public static ToolResult Run(string settings, string commandLine) =>
        CommandLineTool.RunInShell(commandLine, ("LD_LIBRARY_PATH", Folder), ("FAKE_CUDA", $"kernels=scalar {settings}"));
}

/// <summary>A test that needs the fake driver and a library with kernels.</summary>
internal sealed class FakeGpuFactAttribute : FactAttribute
{
    public FakeGpuFactAttribute() => Skip = FakeGpu.Missing;
}

/// <summary>Several such tests.</summary>
internal sealed class FakeGpuTheoryAttribute : TheoryAttribute
{
    public FakeGpuTheoryAttribute() => Skip = FakeGpu.Missing;
}
