using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>Oddities that do not keep a model from being read. A file can have millions; a reader wants a few.</summary>
internal sealed class WarningList
{
    private const int Most = 50;

    private readonly List<string> _warnings = [];
    private int _left;

    public void Add(string path, FormattableString warning)
    {
        if (_warnings.Count < Most)
        {
            _warnings.Add($"{ErrorText.FileName(path)}: {ErrorText.Invariant(warning)}");
        }
        else
        {
            _left++;
        }
    }

    public IReadOnlyList<string> ToList() =>
        _left == 0 ? _warnings.ToArray() : [.. _warnings, ErrorText.Invariant($"and {_left} more warnings like these")];
}
