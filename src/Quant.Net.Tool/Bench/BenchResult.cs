using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>What <c>quantnet bench</c> measured.</summary>
internal sealed record BenchResult(
    DateTimeOffset Date,
    BenchMachine Machine,
    BenchBandwidth? Bandwidth,
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

/// <summary>How fast one decoder decoded one format to one type.</summary>
/// <param name="Format">The format.</param>
/// <param name="Output">The type of the weights: <c>f32</c>, <c>f16</c>, <c>bf16</c>.</param>
/// <param name="Cache">Where the weights went: <c>l2</c> or <c>memory</c>.</param>
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
/// <param name="Yardstick">What it is compared with: <c>memset</c> in cache, <c>roof</c> out of cache.</param>
/// <param name="YardstickBytesPerSecond">Bytes that this writes in a second.</param>
/// <param name="Share">The decoder's speed as a share of that: the median of the ratios within a round.</param>
internal sealed record BenchMeasurement(
    string Format,
    string Output,
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
    double Share);
