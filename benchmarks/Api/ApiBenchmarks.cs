using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Quant.Net.Benchmarks.Api;

/// <summary>Runs the benchmarks of the .NET API with BenchmarkDotNet.</summary>
internal static class ApiBenchmarks
{
    /// <summary>Runs them.</summary>
    /// <param name="log">Where BenchmarkDotNet writes its own reports.</param>
    /// <exception cref="InvalidOperationException">One of them failed.</exception>
    public static IReadOnlyList<ApiResult> Run(string log)
    {
        // In this process: a build of a project of its own, BenchmarkDotNet's usual way, takes longer than all measurements.
        IConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default
                .WithToolchain(InProcessEmitToolchain.Instance)
                .WithIterationTime(TimeInterval.FromMilliseconds(100))
                .WithWarmupCount(5)
                .WithIterationCount(15))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(log);
        return [.. new[] { typeof(OneBlock), typeof(Tensor), typeof(Rows) }.SelectMany(type => Results(BenchmarkRunner.Run(type, config)))];
    }

    private static IEnumerable<ApiResult> Results(Summary summary) => summary.Reports.Select(report => new ApiResult(
        report.BenchmarkCase.Descriptor.Type.Name,
        report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\''),
        report.ResultStatistics?.Median
            ?? throw new InvalidOperationException($"{report.BenchmarkCase.DisplayInfo} gave no result; see {summary.LogFilePath}"),
        AllocatedBytes(report.BenchmarkCase.Descriptor)));

    // BenchmarkDotNet's own diagnoser counts what other threads allocate as well, which shows where a run has few calls.
    private static long AllocatedBytes(Descriptor benchmark)
    {
        using var instance = (IDisposable)Activator.CreateInstance(benchmark.Type)!;
        Action call = benchmark.WorkloadMethod.CreateDelegate<Action>(instance);
        call();
        long before = GC.GetAllocatedBytesForCurrentThread();
        call();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
