using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.IO;

namespace Quant.Net.Ranks;

/// <summary>Writes the parts of a divided model; all of them appear together.</summary>
internal abstract class RankWriting<TWriter>(
    TensorParallelPlan plan, TensorParallelOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    where TWriter : IModelWriter
{
    private int _tensorCount;

    /// <summary>How the parts are written.</summary>
    protected TensorParallelOptions Options => options;

    /// <summary>Ends the work.</summary>
    protected CancellationToken Cancellation => cancellation;

    /// <summary>What writes each rank, in order.</summary>
    protected List<TWriter> Writers { get; } = [];

    /// <summary>What a user should know of the output.</summary>
    protected SortedSet<string> Warnings { get; } = new(StringComparer.Ordinal);

    public CopyResult Run(string outputFolder)
    {
        var watch = Stopwatch.StartNew();
        plan.RequirePossible();
        plan.RequireOutput(outputFolder, options.Overwrite);
        Examine();
        using var folder = RankFolder.Begin(outputFolder, options.Overwrite);
        (string[] files, long bytes) = folder.Write(() => WriteAll(folder));
        cancellation.ThrowIfCancellationRequested();
        folder.Complete();
        return new CopyResult
        {
            Files = [.. files.Select(folder.PlaceOf)],
            TensorCount = _tensorCount,
            OutputBytes = bytes,
            Warnings = [.. Warnings],
            Elapsed = watch.Elapsed,
        };
    }

    /// <summary>Looks for what a user should know of the model.</summary>
    protected abstract void Examine();

    /// <summary>Begins the files of a rank.</summary>
    protected abstract TWriter Begin(RankFolder folder, int rank);

    /// <summary>Declares what a rank has of a tensor by itself.</summary>
    protected abstract void Declare(TWriter writer, PlainRanks plain);

    /// <summary>Declares the parts of a module, where there are such.</summary>
    protected virtual void DeclareModule(RankItem item)
    {
    }

    /// <summary>Writes the parts of a module, where there are such.</summary>
    protected virtual void WriteModule(RankItem item, ProgressCount count)
    {
    }

    /// <summary>Takes note of a tensor that was declared.</summary>
    protected void Count() => _tensorCount++;

    private (string[] Files, long Bytes) WriteAll(RankFolder folder)
    {
        try
        {
            for (int rank = 0; rank < plan.RankCount; rank++)
            {
                Writers.Add(Begin(folder, rank));
            }

            DeclareAll();
            long bytes = Writers.Sum(writer => writer.DeclaredLength);
            WriteTensors();
            Writers.ForEach(writer => writer.Complete());
            return ([.. Writers.SelectMany(writer => writer.Files)], bytes);
        }
        finally
        {
            Writers.ForEach(writer => writer.Dispose());
        }
    }

    private void DeclareAll()
    {
        foreach (RankItem item in plan.Items)
        {
            cancellation.ThrowIfCancellationRequested();
            if (item.Module is not null)
            {
                DeclareModule(item);
            }

            foreach (PlainRanks plain in item.Plain)
            {
                foreach (TWriter writer in Writers)
                {
                    Declare(writer, plain);
                    Count();
                }
            }
        }
    }

    private void WriteTensors()
    {
        var count = new ProgressCount(plan.DataBytes, _tensorCount, progress);
        var plainCopy = new PlainRankCopy([.. Writers], count, cancellation);
        foreach (RankItem item in plan.Items)
        {
            if (item.Module is not null)
            {
                WriteModule(item, count);
            }

            foreach (PlainRanks plain in item.Plain)
            {
                plainCopy.Copy(plain);
            }
        }
    }
}
