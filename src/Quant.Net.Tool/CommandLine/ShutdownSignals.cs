using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quant.Net.Tool.CommandLine;

/// <summary>
/// Turns the first Ctrl-C, SIGTERM, or closing of the terminal into a cancellation, so that the command can remove what is half
/// done. Others that follow change nothing, because a closing terminal sends several; only a Ctrl-C that comes when that removal has had
/// its time ends the process at once.
/// </summary>
internal sealed class ShutdownSignals : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private long _first;   // when the first signal came; 0 before

    public ShutdownSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        long first = Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0);
        if (first == 0)
        {
            context.Cancel = true;
            _source.Cancel();
        }
        else
        {
            bool isInsistence = context.Signal == PosixSignal.SIGINT && Stopwatch.GetElapsedTime(first) > Patience;
            context.Cancel = !isInsistence;
        }
    }
}
