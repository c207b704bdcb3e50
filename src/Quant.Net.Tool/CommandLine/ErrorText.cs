namespace Quant.Net.Tool.CommandLine;

/// <summary>What went wrong, in one line.</summary>
internal static class ErrorText
{
    /// <summary>Describes a failure.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        AggregateException { InnerExceptions: [Exception only] } => Describe(only),
        TypeInitializationException { InnerException: { } cause } => Describe(cause),
        FileNotFoundException { FileName: { Length: > 0 } path } missing when IsFrameworks(missing) => $"{path}: no such file",
        OutOfMemoryException => "out of memory",
        ArgumentException { ParamName: { } parameter } => WithoutParameter(failure.Message, parameter),
        _ => failure.Message,
    };

    // The library's own message may name several files.
    private static bool IsFrameworks(FileNotFoundException missing) =>
        missing.Message.StartsWith("Could not find file", StringComparison.Ordinal);

    // The framework adds the parameter's name, which says nothing to a user.
    private static string WithoutParameter(string message, string parameter)
    {
        string suffix = $" (Parameter '{parameter}')";
        return message.EndsWith(suffix, StringComparison.Ordinal) ? message[..^suffix.Length] : message;
    }
}
