using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Inspect;

/// <summary>Some memory that a model may fit into.</summary>
/// <param name="Name">The device, or <c>given</c>.</param>
/// <param name="MemoryBytes">The memory there is.</param>
/// <param name="WorkingBytes">What decoding works in there.</param>
internal sealed record FitPlace(string Name, long MemoryBytes, long WorkingBytes)
{
    /// <summary>The name of a size of the command line.</summary>
    public const string Given = "given";

    /// <summary>The memory that <c>--fit</c> names: a size, or a device of this machine.</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    public static FitPlace Parse(string text)
    {
        // A size is what someone has worked out, so nothing is taken off.
        if (ByteSize.TryParse(text, out long bytes))
        {
            return new FitPlace(Given, bytes, 0);
        }

        if (text is not ("cpu" or "auto") && !text.StartsWith("cuda:", StringComparison.Ordinal))
        {
            throw new UsageException($"--fit: '{text}' is neither a size, such as 24GiB, nor a device: cpu, cuda:N, auto");
        }

        using QuantDevice device = DeviceOptions.Open(text, new QuantDeviceOptions());
        return device.Kind == QuantDeviceKind.Cpu
            ? new FitPlace(device.Name, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, 0)
            : new FitPlace(device.Name, device.GetMemory().Free, QuantDeviceOptions.DefaultMemoryLimit);
    }
}
