using Quant.Net.IO;

namespace Quant.Net;

/// <summary>
/// A model file breaks the rules of its format. The message is one line that names the file, what was found and what was
/// expected; names that come from the file are quoted in it, with control characters escaped.
/// </summary>
public sealed class ModelFormatException : FormatException
{
    /// <summary>Makes an exception without a file.</summary>
    public ModelFormatException()
        : base("A model file breaks the rules of its format.")
    {
    }

    /// <summary>Makes an exception without a file.</summary>
    /// <param name="message">One line: what was found, what was expected.</param>
    public ModelFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception without a file.</summary>
    /// <param name="message">One line: what was found, what was expected.</param>
    /// <param name="innerException">What led to it.</param>
    public ModelFormatException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    private ModelFormatException(string message, string path, string? tensorOfWrongType)
        : base(message) => (Path, TensorOfWrongType) = (path, tensorOfWrongType);

    /// <summary>The file, as its path was given.</summary>
    public string? Path { get; }

    /// <summary>The tensor whose type is the fault; null if that is another.</summary>
    internal string? TensorOfWrongType { get; }

    /// <summary>The exception for a fault in a file; its message begins with the file's path.</summary>
    internal static ModelFormatException In(string path, FormattableString fault, string? tensorOfWrongType = null) =>
        new($"{ErrorText.EscapePath(path)}: {ErrorText.Invariant(fault)}", path, tensorOfWrongType);
}
