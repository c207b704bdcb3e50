namespace Quant.Net.IO;

/// <summary>
/// What a complaint is about. Whatever works on matrices or metadata alone says what is wrong and what was expected, and does not know whose
/// they are.
/// </summary>
internal static class Subject
{
    /// <summary>Does something, and puts the subject before what it complains about.</summary>
    public static void Name(string subject, Action work) => Name(subject, () =>
    {
        work();
        return true;
    });

    /// <inheritdoc cref="Name(string, Action)"/>
    public static T Name<T>(string subject, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ArgumentException refused) when (refused is not (ArgumentNullException or ArgumentOutOfRangeException))   // a caller's mistakes
        {
            throw new ArgumentException($"{subject}: {Sentence(refused)}", refused);
        }
        catch (KeyNotFoundException refused)
        {
            throw new KeyNotFoundException($"{subject}: {refused.Message}", refused);
        }
        catch (NotSupportedException refused)
        {
            throw new NotSupportedException($"{subject}: {refused.Message}", refused);
        }
    }

    // Without the full stop, and the parameter behind it, that messages about arguments have.
    private static string Sentence(ArgumentException refused)
    {
        string suffix = $" (Parameter '{refused.ParamName}')";
        string message = refused.Message;
        return (message.EndsWith(suffix, StringComparison.Ordinal) ? message[..^suffix.Length] : message).TrimEnd('.');
    }
}
