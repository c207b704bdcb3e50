using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>What <c>quantnet bench</c> measured.</summary>
internal sealed record BenchResult(
    DateTimeOffset Date,
    BenchMachine Machine,
    BenchBandwidth? Bandwidth,
    BenchGpu? Gpu,
    BenchLoad? Load,
    IReadOnlyList<BenchMeasurement> Measurements)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;
}

/// <summary>Where it was measured.</summary>
/// <param name="Cpu">The processor and what the library would use of it.</param>
/// <param name="Processors">Processors that this process may use.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="System">The operating system.</param>
/// <param name="Library">The version of the native library.</param>
internal sealed record BenchMachine(string Cpu, int Processors, long MemoryBytes, string System, string Library)
{
    public static BenchMachine Here() => new(
        QuantDevice.Enumerate().First(device => device.Kind == QuantDeviceKind.Cpu).Description,
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        QuantNetLibrary.Version);
}

/// <summary>The speed of memory past the caches, in bytes a second.</summary>
/// <param name="Threads">How many threads reached it.</param>
/// <param name="Store">Bytes written, when nothing is read.</param>
/// <param name="Copy">Bytes written, when as many are read.</param>
internal sealed record BenchBandwidth(int Threads, double Store, double Copy);

/// <summary>A GPU, and what decoding on it costs besides.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="Description">The hardware.</param>
/// <param name="CopyBytesPerSecond">Bytes read and written in a second when its memory is copied within it.</param>
/// <param name="StartWeights">The weights of a small decode: 4096 x 4096, if there is room.</param>
/// <param name="StartSeconds">The host's time to start it from .NET, arguments checked.</param>
/// <param name="StartAllocatedBytes">Bytes of the garbage collector's heap that such a call takes.</param>
internal sealed record BenchGpu(
    string Device, string Description, double CopyBytesPerSecond, long StartWeights, double StartSeconds, double StartAllocatedBytes);

/// <summary>How fast a model came from the system's cache of files into the memory of a GPU, as f16. All speeds count packed bytes.</summary>
/// <param name="PackedBytes">The model's bytes.</param>
/// <param name="OutputBytes">Its bytes on the GPU.</param>
/// <param name="Threads">Threads that read.</param>
/// <param name="Repetitions">Samples that the medians are of.</param>
/// <param name="BytesPerSecond">Bytes loaded in a second.</param>
/// <param name="FileBytesPerSecond">Bytes that the same threads read from the file into memory in a second.</param>
/// <param name="BusBytesPerSecond">Bytes that the GPU copies from pinned memory in a second.</param>
/// <param name="Share">Loading as a share of the lesser of these: the median of the ratios within a round.</param>
internal sealed record BenchLoad(
    long PackedBytes,
    long OutputBytes,
    int Threads,
    int Repetitions,
    double BytesPerSecond,
    double FileBytesPerSecond,
    double BusBytesPerSecond,
    double Share);

/// <summary>How fast one decoder decoded one format, or one layout of packed matrices, to one type.</summary>
/// <param name="Format">The format, or the layout with its bits, such as <c>GPTQ:4</c>.</param>
/// <param name="Output">The type of the weights: <c>f32</c>, <c>f16</c>, <c>bf16</c>.</param>
/// <param name="Order">The order of a matrix' results: <c>rows</c> or <c>columns</c>. Null for a format.</param>
/// <param name="Cache">Where the weights went: <c>l2</c> or <c>memory</c>; <c>gpu</c> for a GPU's memory.</param>
/// <param name="Device">The device's name.</param>
/// <param name="InstructionSet">The instruction set of a CPU.</param>
/// <param name="Threads">Threads that shared the work of a CPU, and of the yardstick.</param>
/// <param name="Kernel">The kernel that did the work.</param>
/// <param name="Weights">Weights decoded in one run.</param>
/// <param name="PackedBytes">Bytes read in one run.</param>
/// <param name="OutputBytes">Bytes written in one run.</param>
/// <param name="Repetitions">Samples that the medians are of.</param>
/// <param name="Seconds">The median time of a run.</param>
/// <param name="WeightsPerSecond">Weights decoded in a second.</param>
/// <param name="BytesPerSecond">Bytes written in a second.</param>
/// <param name="Yardstick">What it is compared with: <c>memset</c> in cache, <c>roof</c> out of cache, <c>copy</c> on a GPU.</param>
/// <param name="YardstickBytesPerSecond">Bytes that this writes in a second.</param>
/// <param name="Share">The decoder's speed as a share of that: the median of the ratios within a round.</param>
/// <param name="FirstSeconds">GPU: the time of the first decode of the format or layout in this process, which loads its kernels.</param>
/// <param name="ActOrder">Whether a list names the group of each column of a matrix. Null for a format.</param>
internal sealed record BenchMeasurement(
    string Format,
    string Output,
    string? Order,
    string Cache,
    string Device,
    string? InstructionSet,
    int Threads,
    string Kernel,
    long Weights,
    long PackedBytes,
    long OutputBytes,
    int Repetitions,
    double Seconds,
    double WeightsPerSecond,
    double BytesPerSecond,
    string Yardstick,
    double YardstickBytesPerSecond,
    double Share,
    double? FirstSeconds = null,
    bool? ActOrder = null);
