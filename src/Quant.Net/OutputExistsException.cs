using Quant.Net.IO;

namespace Quant.Net;

/// <summary>An output is there already and may not be replaced. The message is one line that names it.</summary>
public sealed class OutputExistsException : IOException
{
    /// <summary>Makes an exception without a file.</summary>
    public OutputExistsException()
        : base("The output exists already.")
    {
    }

    /// <summary>Makes an exception without a file.</summary>
    /// <param name="message">One line.</param>
    public OutputExistsException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception without a file.</summary>
    /// <param name="message">One line.</param>
    /// <param name="innerException">What led to it.</param>
    public OutputExistsException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    private OutputExistsException(string message, string path, Exception? innerException)
        : base(message, innerException) => Path = path;

    /// <summary>The file that is there.</summary>
    public string? Path { get; }

    /// <summary>The exception for a file.</summary>
    internal static OutputExistsException At(string path, Exception? innerException = null) =>
        new($"{ErrorText.EscapePath(path)}: exists already", path, innerException);
}
