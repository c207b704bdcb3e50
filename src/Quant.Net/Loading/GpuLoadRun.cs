using System.Runtime.ExceptionServices;
using Quant.Net.Conversion;
using Quant.Net.Cuda;

namespace Quant.Net.Loading;

/// <summary>
/// Carries out a plan: threads take pieces of tensors off one list and bring them to the GPU, each with a stream and two slots of its
/// own. While the GPU copies and decodes what is in one slot, the thread reads the next piece into the other; nothing waits at the
/// border of a tensor.
/// </summary>
internal sealed class GpuLoadRun : IDisposable
{
    private const int SlotsEach = 2;

    private readonly GpuLoadPlan _plan;
    private readonly QuantDevice _gpu;
    private readonly ulong _destination;
    private readonly LoadStaging _staging;
    private readonly LoadPiece[] _pieces;
    private readonly int[] _piecesLeft;
    private readonly string[] _kernels;
    private readonly ProgressCount _progress;
    private readonly object _reporting = new();
    private int _next = -1;
    private ExceptionDispatchInfo? _failure;

    public GpuLoadRun(GpuLoadPlan plan, QuantDevice gpu, ulong destination, IProgress<ConversionProgress>? progress)
    {
        _plan = plan;
        _gpu = gpu;
        _destination = destination;
        _progress = new ProgressCount(plan.Tensors.Select(tensor => tensor.Source).ToList(), progress);
        _kernels = [.. plan.Tensors.Select(_ => "")];
        _staging = LoadStaging.Create(gpu, gpu.Threads * SlotsEach, decodes: plan.Tensors.Any(tensor => !tensor.IsCopy));
        _pieces = [.. plan.Tensors.SelectMany((tensor, index) => LoadPiece.Cut(tensor, index, _staging.SlotBytes))];
        _piecesLeft = new int[plan.Tensors.Count];
        foreach (LoadPiece piece in _pieces)
        {
            _piecesLeft[piece.Tensor]++;
        }
    }

    /// <summary>The kernel that decoded each tensor; "" for those that were copied.</summary>
    public IReadOnlyList<string> Kernels => _kernels;

    /// <summary>Does it all. When it returns, also by an exception, nothing is under way any more.</summary>
    public void Work(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var threads = new Thread[Math.Min(_gpu.Threads, _pieces.Length)];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i;
            threads[i] = new Thread(() => Guard(worker, stop)) { IsBackground = true, Name = "Quant.Net loading" };
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        _failure?.Throw();
        cancellation.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose() => _staging.Dispose();

    /// <summary>The first failure ends the work of all, and is the one that is told.</summary>
    private void Guard(int worker, CancellationTokenSource stop)
    {
        try
        {
            LoadPieces(worker, stop.Token);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
            stop.Cancel();
        }
    }

    private void LoadPieces(int worker, CancellationToken stop)
    {
        using CudaStream stream = _gpu.CreateStream();
        using var first = new LoadSlot(_staging, _gpu, worker * SlotsEach);
        using var second = new LoadSlot(_staging, _gpu, (worker * SlotsEach) + 1);
        (LoadSlot slot, LoadSlot other) = (first, second);
        try
        {
            while (Interlocked.Increment(ref _next) is int next && next < _pieces.Length)
            {
                stop.ThrowIfCancellationRequested();
                Finish(slot);
                Begin(slot, _pieces[next], stream);
                (slot, other) = (other, slot);
            }

            Finish(slot);
            Finish(other);
        }
        finally
        {
            // What is under way uses the slots and the model's memory, which are freed next.
            WaitForWhatIsLeft(stream);
        }
    }

    private unsafe void Begin(LoadSlot slot, LoadPiece piece, CudaStream stream)
    {
        PlannedTensor tensor = _plan.Tensors[piece.Tensor];
        tensor.Source.Read(piece.SourceOffset, new Span<byte>(slot.Pinned, piece.SourceBytes));
        ulong destination = _destination + (ulong)(_plan.Offsets[piece.Tensor] + piece.OutputOffset);
        if (tensor.IsCopy)
        {
            stream.CopyToDevice(slot.Pinned, destination, (nuint)piece.SourceBytes);
        }
        else
        {
            stream.CopyToDevice(slot.Pinned, slot.Packed, (nuint)piece.SourceBytes);
            stream.Dequantize(
                tensor.Source.Format, slot.Packed, (nuint)piece.SourceBytes, tensor.Output, destination, (nuint)piece.OutputBytes);
            if (piece.SourceOffset == 0)
            {
                _kernels[piece.Tensor] = QuantDevice.LastKernel;
            }
        }

        stream.Record(slot.Done);
        slot.Piece = piece;
    }

    private void Finish(LoadSlot slot)
    {
        if (slot.Piece is not { } piece)
        {
            return;
        }

        slot.Done.Synchronize();
        slot.Piece = null;
        lock (_reporting)
        {
            bool isLast = --_piecesLeft[piece.Tensor] == 0;
            _progress.Add(_plan.Tensors[piece.Tensor].Source, piece.SourceBytes, isLast);
        }
    }

    private static void WaitForWhatIsLeft(CudaStream stream)
    {
        try
        {
            stream.Synchronize();
        }
        catch (QuantNetException)
        {
            // Only after another failure, which is told: everything else was waited for already.
        }
    }
}
