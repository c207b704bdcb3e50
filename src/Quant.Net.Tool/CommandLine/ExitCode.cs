namespace Quant.Net.Tool.CommandLine;

/// <summary>What the process returns to its caller.</summary>
internal static class ExitCode
{
    /// <summary>Everything that was asked for was done.</summary>
    public const int Done = 0;

    /// <summary>The operation failed, or a check found a fault.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int WrongUsage = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM, with nothing left behind.</summary>
    public const int Interrupted = 130;
}
