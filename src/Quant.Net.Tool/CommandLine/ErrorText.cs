using System.Text.RegularExpressions;

namespace Quant.Net.Tool.CommandLine;

/// <summary>What went wrong, in one line.</summary>
internal static class ErrorText
{
    /// <summary>What lets weights be that are not finite, or would not be once they are quantized.</summary>
    public const string TakesAnyNumber = " (--allow-nonfinite takes it as it is)";

    /// <summary>Describes a failure.</summary>
    public static string Describe(Exception failure) => WithoutStop(failure switch
    {
        AggregateException { InnerExceptions: [Exception only] } => Describe(only),
        TypeInitializationException { InnerException: { } cause } => Describe(cause),
        OutputExistsException => $"{failure.Message} (--force replaces it)",
        QuantizationRefusedException refused => refused.Message + WayOut(refused.Remedy),
        FileNotFoundException { FileName: null } when !Directory.Exists(".") => ".: the current directory has been deleted, expected full paths",
        NotFiniteNumberException => failure.Message + TakesAnyNumber,

        // A GPU's says what was asked for and what is free; the framework's says nothing.
        OutOfMemoryException when !failure.Message.StartsWith("cuda:", StringComparison.Ordinal) => "out of memory",
        RegexMatchTimeoutException slow => $"the regular expression '{slow.Pattern}' takes too long on '{slow.Input}'",
        ArgumentException { ParamName: { } parameter } => WithoutParameter(failure.Message, parameter),
        _ => failure.Message,
    });

    // Messages of the framework, and those about arguments of the library's functions, are sentences; the lines of this tool are none.
    private static string WithoutStop(string message) => message.EndsWith('.') ? message[..^1] : message;

    private static string WayOut(QuantizationRemedy remedy) => remedy switch
    {
        QuantizationRemedy.AllowRequantize => " (--allow-requantize allows it)",
        QuantizationRemedy.NotStrict => " (without --strict they get these)",
        QuantizationRemedy.ImportanceMatrix => " (--imatrix FILE gives one)",
        QuantizationRemedy.MoreMemory => " (--max-memory SIZE gives more)",
        QuantizationRemedy.Cpu => " (--device cpu can)",
        QuantizationRemedy.FormatByName => " (--tensor-type PATTERN=TYPE, --exclude GLOB)",
        _ => "",
    };

    // The framework adds the parameter's name, which says nothing to a user.
    private static string WithoutParameter(string message, string parameter)
    {
        string suffix = $" (Parameter '{parameter}')";
        return message.EndsWith(suffix, StringComparison.Ordinal) ? message[..^suffix.Length] : message;
    }
}
