using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Quant.Net.Cuda;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Loading;

namespace Quant.Net;

/// <summary>The tensors of a model in the memory of a GPU: all in one buffer, decoded or packed.</summary>
/// <remarks>Dispose of it only when no queued work uses it any more: see <see cref="CudaStream.Synchronize"/>.</remarks>
/// <example>
/// <code>
/// using GgufFile file = GgufFile.Open("model.gguf");
/// using QuantDevice gpu = QuantDevice.Open("cuda:0");
/// using GpuModel model = await GpuModel.LoadAsync(file, gpu, new GpuLoadOptions());
/// ulong weights = model["blk.0.attn_q.weight"].Address;            // of Half
/// </code>
/// </example>
public sealed class GpuModel : IDisposable
{
    private readonly Dictionary<string, GpuTensor> _byName = new(StringComparer.Ordinal);

    private GpuModel(GpuLoadPlan plan, DeviceBuffer<byte> buffer, IReadOnlyList<string> kernels, TimeSpan elapsed)
    {
        Buffer = buffer;
        SourceBytes = plan.Tensors.Sum(tensor => tensor.Source.ByteLength);
        Warnings = plan.Warnings;
        Elapsed = elapsed;
        Tensors = plan.Tensors.Select((tensor, i) => new GpuTensor(this, tensor, (ulong)plan.Offsets[i], kernels[i])).ToArray();
        foreach (GpuTensor tensor in Tensors)
        {
            _byName.Add(tensor.Name, tensor);
        }
    }

    /// <summary>The memory that holds all tensors.</summary>
    public DeviceBuffer<byte> Buffer { get; }

    /// <summary>The tensors, in the order of the model's files.</summary>
    public IReadOnlyList<GpuTensor> Tensors { get; }

    /// <summary>Bytes of the tensors in the model's files.</summary>
    public long SourceBytes { get; }

    /// <summary>How long loading took.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>What the model's user should know: of the file, and of scales that were not applied.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The tensor of a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">No such tensor was loaded.</exception>
    public GpuTensor this[string name] => TryGet(name, out GpuTensor? tensor)
        ? tensor
        : throw new KeyNotFoundException($"No tensor {ErrorText.Quote(name)} was loaded.");

    /// <summary>Loads a model into the memory of a GPU.</summary>
    /// <remarks>
    /// The file is read through pinned memory by several threads (<see cref="QuantDevice.Threads"/>), each with two places to read into:
    /// while the GPU copies and decodes what is in one, the thread fills the other, across the borders of tensors. These places take
    /// <see cref="QuantDeviceOptions.MemoryLimit"/> bytes of pinned memory and as many of the GPU; where so much cannot be had, less.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="gpu">Where to. Other work on it may go on meanwhile.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Is told how far it is, from several threads but one at a time.</param>
    /// <param name="cancellationToken">Ends it early; nothing stays on the GPU.</param>
    /// <returns>The tensors on the GPU; dispose of it after use.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    /// <exception cref="KeyNotFoundException">A pattern matches no tensor.</exception>
    /// <exception cref="NotSupportedException">The device is the CPU, or tensors have types that cannot be decoded; all are named.</exception>
    /// <exception cref="OutOfMemoryException">The tensors do not fit; the message tells what they need, what is free, and what would fit.
    /// </exception>
    /// <exception cref="IOException">The model has become shorter, or the system refused.</exception>
    /// <exception cref="QuantNetException">The driver reports an error.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<GpuModel> LoadAsync(
        GgufFile model, QuantDevice gpu, GpuLoadOptions options,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(options);
        GpuLoadPlan.RequireOptions(options);
        return Task.Run(() => Load(GpuLoadPlan.Make(model, gpu, options), gpu, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Whether a tensor of a name was loaded.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensor">The tensor.</param>
    public bool TryGet(string name, [NotNullWhen(true)] out GpuTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>Frees the memory.</summary>
    public void Dispose() => Buffer.Dispose();

    private static GpuModel Load(
        GpuLoadPlan plan, QuantDevice gpu, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        DeviceBuffer<byte> buffer = gpu.Allocate<byte>(Math.Max(1, plan.Bytes));
        try
        {
            using var run = new GpuLoadRun(plan, gpu, buffer.Address, progress);
            run.Work(cancellation);
            return new GpuModel(plan, buffer, run.Kernels, watch.Elapsed);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }
}
