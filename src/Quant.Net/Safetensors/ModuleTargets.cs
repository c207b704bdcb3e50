namespace Quant.Net.Safetensors;

/// <summary>Modules by their names, by patterns of names, or all linear layers, and the rules for them.</summary>
internal sealed class ModuleTargets
{
    private const string RegexMark = "re:", LinearClass = "Linear";

    private readonly Dictionary<string, ModuleRule> _names = new(StringComparer.Ordinal);
    private ModuleRule? _linear;   // packed modules are linear layers

    /// <summary>Patterns, in the order in which they are tried.</summary>
    public List<(string Pattern, ModuleRule Rule)> Patterns { get; } = [];

    /// <summary>Adds a name, <c>re:PATTERN</c>, or the class of linear layers.</summary>
    public void Add(string target, ModuleRule rule)
    {
        if (target.StartsWith(RegexMark, StringComparison.Ordinal))
        {
            Patterns.Add((target[RegexMark.Length..], rule));
        }
        else if (target == LinearClass)
        {
            _linear = rule;
        }
        else
        {
            _names[target] = rule;
        }
    }

    /// <summary>The rule for a module; null if there is none.</summary>
    /// <param name="module">Its name.</param>
    /// <param name="isMatch">Whether a pattern fits a name.</param>
    public ModuleRule? Find(string module, Func<string, string, bool> isMatch)
    {
        if (_names.TryGetValue(module, out ModuleRule? rule))
        {
            return rule;
        }

        foreach ((string pattern, ModuleRule other) in Patterns)
        {
            if (isMatch(pattern, module))
            {
                return other;
            }
        }

        return _linear;
    }
}
