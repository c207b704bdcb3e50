namespace Quant.Net.Conversion;

/// <summary>What is done with chunks of a model, each of which has its place in one of two sets of buffers.</summary>
internal interface IChunkWork<in T>
{
    /// <summary>Reads a chunk, while the one before is worked on.</summary>
    void Read(T chunk, int side);

    /// <summary>Works on a chunk that was read.</summary>
    void Work(T chunk, int side);

    /// <summary>Takes note that a chunk is done, in the order of the chunks.</summary>
    /// <returns>Writes it, while the next is worked on. What changes meanwhile must be copied.</returns>
    Action PrepareWrite(T chunk, int side);
}

/// <summary>Carries out work on chunks: while one is worked on, the next is read and the one before is written.</summary>
internal static class ChunkPipeline
{
    /// <summary>Works on all chunks from the current one on.</summary>
    public static async Task RunAsync<T>(IEnumerator<T> chunks, IChunkWork<T> work, CancellationToken cancellation)
    {
        Task read = Start(chunks.Current, 0);
        Task write = Task.CompletedTask;
        try
        {
            bool more = true;
            for (int side = 0; more; side = 1 - side)
            {
                T chunk = chunks.Current;
                await read.ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                more = chunks.MoveNext();
                if (more)
                {
                    read = Start(chunks.Current, 1 - side);
                }

                work.Work(chunk, side);
                await write.ConfigureAwait(false);
                write = Task.Run(work.PrepareWrite(chunk, side));
            }
        }
        finally
        {
            // Neither may still be at work when buffers and files go.
            await Task.WhenAll(read, write).ConfigureAwait(false);
        }

        Task Start(T chunk, int side) => Task.Run(() => work.Read(chunk, side));
    }
}
