namespace Quant.Net.Tool.CommandLine;

/// <summary>
/// Patterns for names: <c>*</c> is any text, <c>?</c> one character, <c>[a-c]</c> one of a set, <c>[!a-c]</c> one outside it.
/// </summary>
internal static class Glob
{
    public static bool Matches(string pattern, string name) => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name);
}
