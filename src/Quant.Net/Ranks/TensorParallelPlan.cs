using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>How a model is divided among ranks that compute in parallel (tensor parallelism).</summary>
/// <remarks>
/// Modules are known by their names in the architecture that the model says it has. Heads stay whole; where there are fewer heads of
/// keys and values than ranks, ranks share them. Each rank has the same shapes.
/// </remarks>
public abstract class TensorParallelPlan
{
    /// <summary>The most ranks that a model can be divided among.</summary>
    public const int MostRanks = 1024;

    private readonly List<RankItem> _items = [];
    private readonly List<string> _unknown = [];
    private long? _dataBytes;

    private protected TensorParallelPlan(string path, int ranks, string? mark)
    {
        (Path, RankCount) = (path, ranks);
        if (mark is not null)
        {
            throw new NotSupportedException(
                $"{ErrorText.EscapePath(path)}: is {ErrorText.Quote(mark)} of a model already, expected the whole, of which its settings speak");
        }
    }

    /// <summary>The architecture, as the model names it, which tells what its modules are.</summary>
    public abstract string Architecture { get; }

    /// <summary>Among how many ranks.</summary>
    public int RankCount { get; }

    /// <summary>Its modules, and tensors that belong to none. A GGUF model has no modules.</summary>
    public IReadOnlyList<TensorParallelEntry> Entries => [.. _items.Select(item => item.Entry)];

    /// <summary>Whether every module can be divided so.</summary>
    public bool IsPossible => _items.TrueForAll(item => item.Entry.Problem is null);

    /// <summary>The model's path.</summary>
    internal string Path { get; }

    /// <summary>The files that its tensors are in.</summary>
    internal abstract IReadOnlyList<string> Files { get; }

    internal IReadOnlyList<RankItem> Items => _items;

    /// <summary>Bytes of all tensors of all ranks, of a plan that can be carried out.</summary>
    internal long DataBytes => _dataBytes ??= _items.Sum(item => item.BytesFor(RankCount));

    /// <summary>Why modules cannot be divided so, a line each.</summary>
    internal IEnumerable<string> Problems => _items.Select(item => item.Entry).Where(entry => entry.Problem is not null).Select(entry =>
        ErrorText.Invariant(
            $"{ErrorText.EscapePath(Path)}: {ErrorText.Quote(entry.Name)} cannot be divided among {RankCount} ranks: {entry.Problem}"));

    /// <summary>Plans how to divide a model. Nothing of its weights is read.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ranks">Among how many ranks, from 1 to <see cref="MostRanks"/>.</param>
    /// <returns>The plan; what cannot be divided so has a <see cref="TensorParallelEntry.Problem"/>.</returns>
    /// <exception cref="ArgumentException">Files of the model are missing.</exception>
    /// <exception cref="ModelFormatException">Its settings are missing or do not make sense, or tensors of a module do not fit together.</exception>
    /// <exception cref="NotSupportedException">The architecture is not known, or some of its modules are not; they are named. Or the model is
    /// such a part already.</exception>
    public static TensorParallelPlan Make(SafetensorsModel model, int ranks)
    {
        ArgumentNullException.ThrowIfNull(model);
        RequireRanks(ranks);
        return new SafetensorsRankPlan(model, ranks);
    }

    /// <inheritdoc cref="Make(SafetensorsModel, int)"/>
    public static TensorParallelPlan Make(GgufFile model, int ranks)
    {
        ArgumentNullException.ThrowIfNull(model);
        RequireRanks(ranks);
        return new GgufRankPlan(model, ranks);
    }

    /// <summary>Throws if the parts may not be written to a folder. Nothing is.</summary>
    internal void RequireOutput(string outputFolder, bool overwrite) => RankFolder.Require(outputFolder, overwrite, Files, DataBytes);

    /// <summary>Writes the parts.</summary>
    internal abstract CopyResult Write(
        string outputFolder, TensorParallelOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation);

    /// <summary>Throws if a module cannot be divided so.</summary>
    internal void RequirePossible()
    {
        string[] problems = [.. Problems];
        if (problems.Length > 0)
        {
            string others = problems.Length > 1 ? ErrorText.Invariant($"; {problems.Length - 1} more cannot either") : "";
            throw new NotSupportedException(problems[0] + others);
        }
    }

    /// <summary>Takes a module or tensor into the plan.</summary>
    private protected void Add(RankItem item) => _items.Add(item);

    /// <summary>Takes note of a tensor that the architecture has not.</summary>
    private protected void AddUnknown(string name) => _unknown.Add(name);

    /// <summary>Throws if there are tensors that the architecture has not.</summary>
    private protected void RequireAllKnown()
    {
        if (_unknown.Count > 0)
        {
            throw new NotSupportedException(
                $"{ErrorText.EscapePath(Path)}: {ErrorText.Count(_unknown.Count, "tensor")} unknown in the architecture "
                + $"{ErrorText.Quote(Architecture)}: {ErrorText.QuoteAll(_unknown)}");
        }
    }

    /// <summary>A tensor by itself that each rank has all of.</summary>
    private protected static RankItem Everywhere(IStoredTensor tensor, bool isPacked) => new(
        new TensorParallelEntry(tensor.Name, ParallelKind.Replicated, null, tensor.Shape, tensor.Shape, 0, 0, isPacked, null, null),
        RankRanges.Nothing, null, [new PlainRanks(tensor, -1, RankRanges.Nothing)]);

    /// <summary>A tensor by itself that is divided.</summary>
    private protected static RankItem Divided(
        IStoredTensor tensor, bool isPacked, ParallelKind kind, MatrixAxis axis, int dimension, RankRanges ranges)
    {
        PlainRanks? plain = ranges.Problem is null ? new PlainRanks(tensor, dimension, ranges) : null;
        return new RankItem(
            new TensorParallelEntry(
                tensor.Name, kind, axis, tensor.Shape, plain?.PartShape ?? [], ranges.PartLength, ranges.Padding, isPacked, ranges.Note, ranges.Problem),
            ranges, null, plain is null ? [] : [plain]);
    }

    /// <summary>The ranges for the ranks of the plan; a problem names the nearest numbers of ranks without one.</summary>
    private protected RankRanges Explain(Func<int, RankRanges> attempt)
    {
        RankRanges ranges = attempt(RankCount);
        if (ranges.Problem is null)
        {
            return ranges;
        }

        int[] legal = [.. Enumerable.Range(1, Math.Min(2 * RankCount, MostRanks)).Where(ranks => attempt(ranks).Problem is null)];
        int[] nearest = [.. legal.Where(ranks => ranks < RankCount).TakeLast(1), .. legal.Where(ranks => ranks > RankCount).Take(1)];
        string hint = nearest.Length == 0 ? "" : $"; nearest numbers of ranks: {string.Join(" and ", nearest)}";
        return ranges with { Problem = ranges.Problem + hint };
    }

    private static void RequireRanks(int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ranks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranks, MostRanks);
    }
}
