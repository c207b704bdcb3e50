namespace Quant.Net.IO;

/// <summary>Oddities that do not keep a model from being read. A file can have millions; a reader wants a few.</summary>
internal sealed class WarningList
{
    private const int Most = 50;

    private readonly List<string> _warnings = [];
    private int _left;

    /// <summary>Adds a warning. Names go in as <see cref="Quoted"/>, so that those that are only counted cost nothing.</summary>
    public void Add(string path, FormattableString warning)
    {
        if (_warnings.Count < Most)
        {
            _warnings.Add($"{ErrorText.EscapePath(path)}: {ErrorText.Invariant(warning)}");
        }
        else
        {
            _left++;
        }
    }

    /// <summary>Adds the warnings of another list.</summary>
    public void AddAll(IReadOnlyList<string> warnings)
    {
        int room = Math.Max(0, Most - _warnings.Count);
        _warnings.AddRange(warnings.Take(room));
        _left += Math.Max(0, warnings.Count - room);
    }

    public IReadOnlyList<string> ToList() =>
        _left == 0 ? _warnings.ToArray() : [.. _warnings, ErrorText.Invariant($"and {_left} more warnings like these")];
}

/// <summary>A name that is quoted when it is shown.</summary>
internal readonly record struct Quoted(string Name)
{
    public override string ToString() => ErrorText.Quote(Name);
}
