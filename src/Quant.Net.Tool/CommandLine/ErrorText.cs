namespace Quant.Net.Tool.CommandLine;

/// <summary>What went wrong, in one line.</summary>
internal static class ErrorText
{
    /// <summary>Describes a failure.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        AggregateException { InnerExceptions: [Exception only] } => Describe(only),
        TypeInitializationException { InnerException: { } cause } => Describe(cause),
        OutputExistsException => $"{failure.Message} (--force replaces it)",

        // A GPU's says what was asked for and what is free; the framework's says nothing.
        OutOfMemoryException when !failure.Message.StartsWith("cuda:", StringComparison.Ordinal) => "out of memory",
        ArgumentException { ParamName: { } parameter } => WithoutParameter(failure.Message, parameter),
        _ => failure.Message,
    };

    // The framework adds the parameter's name, which says nothing to a user.
    private static string WithoutParameter(string message, string parameter)
    {
        string suffix = $" (Parameter '{parameter}')";
        return message.EndsWith(suffix, StringComparison.Ordinal) ? message[..^suffix.Length] : message;
    }
}
