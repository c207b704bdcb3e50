namespace Quant.Net.Tool.Bench;

/// <summary>
/// A number of threads, the caller's among them, that share a job by taking pieces of it, as the threads of a CPU device do.
/// They give the loops that devices are compared with the same number of threads.
/// </summary>
internal sealed class Crew : IDisposable
{
    private readonly Barrier _barrier;
    private readonly List<Thread> _helpers = [];
    private Job? _job;

    public Crew(int threads)
    {
        Threads = threads;
        _barrier = new Barrier(threads);
        while (_helpers.Count < threads - 1)
        {
            var helper = new Thread(Help) { IsBackground = true, Name = "crew" };
            helper.Start();
            _helpers.Add(helper);
        }
    }

    public int Threads { get; }

    /// <summary>Does the work on all items and returns when they are done. The work must not throw.</summary>
    /// <param name="items">How many there are.</param>
    /// <param name="grain">How many make a piece.</param>
    /// <param name="work">Does the items from the first to before the last.</param>
    public void Run(long items, long grain, Action<long, long> work)
    {
        _job = new Job(items, grain, work);
        _barrier.SignalAndWait();
        _job.TakePieces();
        _barrier.SignalAndWait();
    }

    public void Dispose()
    {
        _job = null;
        _barrier.SignalAndWait();
        _helpers.ForEach(helper => helper.Join());
        _barrier.Dispose();
    }

    private void Help()
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_job is not { } job)
            {
                return;
            }

            job.TakePieces();
            _barrier.SignalAndWait();
        }
    }

    private sealed class Job(long items, long grain, Action<long, long> work)
    {
        private long _next;

        public void TakePieces()
        {
            long end;
            while ((end = Interlocked.Add(ref _next, grain)) - grain < items)
            {
                work(end - grain, Math.Min(end, items));
            }
        }
    }
}
