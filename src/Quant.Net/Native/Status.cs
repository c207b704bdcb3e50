namespace Quant.Net.Native;

/// <summary>Turns what native functions return into exceptions. Every call that can fail goes through here.</summary>
internal static unsafe class Status
{
    /// <summary>Throws unless a call succeeded.</summary>
    /// <param name="status">What the call returned.</param>
    /// <param name="parameter">The parameter to blame for an invalid argument, where the caller knows it.</param>
    public static void ThrowIfFailed(NativeStatus status, string? parameter = null)
    {
        if (status != NativeStatus.Ok)
        {
            throw CreateException(status, NativeText.Read(NativeMethods.qn_last_error()), parameter);
        }
    }

    internal static Exception CreateException(NativeStatus status, string message, string? parameter) => status switch
    {
        NativeStatus.InvalidArgument or NativeStatus.Size => new ArgumentException(message, parameter),
        NativeStatus.Unsupported => new NotSupportedException(message),
        NativeStatus.Unavailable => new PlatformNotSupportedException(message),
        NativeStatus.OutOfMemory => new OutOfMemoryException(message),
        NativeStatus.NotFinite => new NotFiniteNumberException(message),
        NativeStatus.System or NativeStatus.DeviceLost or NativeStatus.Driver => new QuantNetException(message),
        _ => new QuantNetException($"{message} ({NativeText.Read(NativeMethods.qn_status_name(status))} {(int)status})"),
    };
}
