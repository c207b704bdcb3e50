using Quant.Net.IO;

namespace Quant.Net.Modules;

/// <summary>What was found in the modules of a model: a line for each kind, with the first module and how many others are like it.</summary>
internal sealed class ModuleFindings
{
    private readonly List<string> _kinds = [];
    private readonly Dictionary<string, (string Place, int Count)> _found = new(StringComparer.Ordinal);

    /// <summary>Takes note of a module.</summary>
    public void Add(string path, string module, FormattableString what)
    {
        string kind = ErrorText.Invariant(what);
        if (_found.TryGetValue(kind, out (string Place, int Count) found))
        {
            _found[kind] = (found.Place, found.Count + 1);
            return;
        }

        _kinds.Add(kind);
        _found.Add(kind, ($"{ErrorText.EscapePath(path)}: module {ErrorText.Quote(module)}", 1));
    }

    /// <summary>A line for each kind.</summary>
    public IEnumerable<string> Lines => _kinds.Select(kind => $"{_found[kind].Place}{Others(_found[kind].Count)}: {kind}");

    /// <summary>How many there are beside the first one.</summary>
    public static string Others(long count) => count == 1 ? "" : $" and {ErrorText.Count(count - 1, "other")}";
}
