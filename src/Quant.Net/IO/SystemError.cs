using System.Runtime.InteropServices;

namespace Quant.Net.IO;

/// <summary>
/// Says what the system refused in the words of all other errors: <c>path: what</c>. The framework's own texts have several forms, and
/// name temporary files that the user has never heard of.
/// </summary>
internal static class SystemError
{
    /// <summary>EWOULDBLOCK: a lock is held by somebody else.</summary>
    private static readonly int WouldBlock = OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>Does something with a file.</summary>
    /// <param name="path">What the user calls it.</param>
    /// <param name="action">What to do.</param>
    public static void Name(string path, Action action) => Name(path, () =>
    {
        action();
        return true;
    });

    /// <inheritdoc cref="Name(string, Action)"/>
    public static T Name<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception refused) when (Named(path, refused) is { } named)
        {
            throw named;
        }
    }

    /// <summary>The same exception with a message that names a file; null for what the system does not throw.</summary>
    public static Exception? Named(string path, Exception refused)
    {
        string name = ErrorText.EscapePath(path);
        return refused switch
        {
            OutputExistsException or EndOfStreamException => null,
            FileNotFoundException or DirectoryNotFoundException => new FileNotFoundException($"{name}: no such file", path, refused),
            UnauthorizedAccessException => new UnauthorizedAccessException($"{name}: permission denied", refused),
            PathTooLongException => new PathTooLongException($"{name}: the name is too long", refused),
            ArgumentOutOfRangeException => new IOException($"{name}: the file would be larger than it may be", refused),   // of EFBIG
            IOException failure => new IOException($"{name}: {Words(failure) ?? failure.Message}", refused),
            _ => null,
        };
    }

    /// <summary>Whether the number of an error means that something is not permitted: EPERM and EACCES.</summary>
    public static bool IsDenial(int error) => error is 1 or 13;

    /// <summary>What the system calls an error.</summary>
    public static string Words(int error)
    {
        string words = Marshal.GetPInvokeErrorMessage(error);
        return $"{char.ToLowerInvariant(words[0])}{words[1..]}";
    }

    /// <summary>What the system calls an error, if the exception carries its number.</summary>
    private static string? Words(IOException failure)
    {
        const int MostNumbers = 4096;   // greater and negative ones are the framework's own
        if (OperatingSystem.IsWindows() || failure is not { HResult: > 0 and < MostNumbers })
        {
            return null;
        }

        if (failure.HResult == WouldBlock)
        {
            return "another process has it open";
        }

        return Words(failure.HResult);
    }
}
