namespace Quant.Net;

/// <summary>
/// A failure of the native library that no exception of .NET describes better: the operating system refused something, or the library is
/// of another version. The message is one line.
/// </summary>
public class QuantNetException : Exception
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public QuantNetException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What was found and what was expected, in one line.</param>
    public QuantNetException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception that another one led to.</summary>
    /// <param name="message">What was found and what was expected, in one line.</param>
    /// <param name="innerException">What led to it.</param>
    public QuantNetException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
