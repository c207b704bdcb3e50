using System.Diagnostics;
using System.Text.RegularExpressions;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>
/// The exceptions that settings make for single modules. GPTQModel's <c>dynamic</c> has patterns, of which the first that fits
/// counts (<c>dynamic_get</c> in its quantization/config.py); compressed-tensors has <c>ignore</c> and <c>config_groups</c> with names,
/// patterns and classes (<c>match_named_modules</c> and <c>match_targets</c> in its utils/match.py): what is ignored comes first, then
/// names, then patterns in the order of their letters, then classes; others have lists of modules that are left alone.
/// </summary>
internal sealed class QuantizationRules
{
    private const string LeaveMark = "-:", ChangeMark = "+:";
    private const int MostPatterns = 10_000, LongestPattern = 1000;

    // Patterns come from strangers, and some take forever. All of them together may take as long as this.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromMilliseconds(500), LongestSearch = TimeSpan.FromSeconds(5);

    private readonly ModuleTargets _ignored = new(), _targets = new();
    private readonly List<(string Part, ModuleRule Rule)> _parts = [];
    private readonly List<(NamePattern Glob, ModuleRule Rule)> _globs = [];
    private readonly Dictionary<string, Regex> _compiled = new(StringComparer.Ordinal);
    private readonly Settings _settings;
    private TimeSpan _spent;

    private QuantizationRules(Settings settings) => _settings = settings;

    /// <summary>The exceptions in a model's settings.</summary>
    /// <exception cref="ModelFormatException">A value has a wrong type.</exception>
    public static QuantizationRules Of(Settings settings, string? method)
    {
        var rules = new QuantizationRules(settings);
        switch (method)
        {
            case "gptq":
                rules.ReadDynamic();
                break;
            case "compressed-tensors":
                rules.ReadIgnored();
                rules.ReadGroups();
                break;
            case "modelopt":
                rules.ReadGlobs("ignore");
                rules.ReadGlobs("exclude_modules");
                break;
            default:
                rules.ReadParts("modules_to_not_convert");
                rules.ReadParts("llm_int8_skip_modules");
                break;
        }

        return rules;
    }

    /// <summary>The rule for a module, or null.</summary>
    /// <exception cref="ModelFormatException">A pattern is none, or takes too long.</exception>
    public ModuleRule? Find(string module)
    {
        if ((_ignored.Find(module, IsMatch) ?? _targets.Find(module, IsMatch)) is { } named)
        {
            return named;
        }

        string dotted = _parts.Count == 0 ? "" : $".{module}.";
        foreach ((string part, ModuleRule rule) in _parts)
        {
            if (dotted.Contains(part, StringComparison.Ordinal))
            {
                return rule;
            }
        }

        foreach ((NamePattern glob, ModuleRule rule) in _globs)
        {
            if (glob.IsMatch(module))
            {
                return rule;
            }
        }

        return null;
    }

    private void ReadDynamic()
    {
        const string Key = "dynamic";
        if (_settings.Object(Key) is not { } rules)
        {
            return;
        }

        RequireFew(Key, rules.Keys.Count);
        foreach (string pattern in rules.Keys)
        {
            string place = $"{Key} {pattern}";
            if (pattern.StartsWith(LeaveMark, StringComparison.Ordinal))
            {
                _targets.Patterns.Add((pattern[LeaveMark.Length..], ModuleRule.LeaveAlone(place)));
            }
            else if (rules.Object(pattern) is { } values)
            {
                bool isMarked = pattern.StartsWith(ChangeMark, StringComparison.Ordinal);
                _targets.Patterns.Add((isMarked ? pattern[ChangeMark.Length..] : pattern, ModuleRule.Change(place, values)));
            }
        }
    }

    private void ReadIgnored()
    {
        const string Key = "ignore";
        foreach (string target in Few(Key))
        {
            _ignored.Add(target, ModuleRule.LeaveAlone($"{Key} {target}"));
        }
    }

    // The one group of a model is for all whatever it names; that is read with the settings of the whole model.
    private void ReadGroups()
    {
        const string Key = "config_groups";
        if (_settings.Object(Key) is not { } groups || groups.Keys.Count < 2)
        {
            return;
        }

        RequireFew(Key, groups.Keys.Count);
        Dictionary<string, ModuleRule> rules = new(StringComparer.Ordinal);
        foreach (string name in groups.Keys)
        {
            if (groups.Object(name) is not { } group || group.Object("weights") is not { } weights)
            {
                continue;
            }

            var rule = ModuleRule.Change($"{Key} {name}", weights);
            foreach (string target in group.Texts("targets"))
            {
                rules[target] = rule;   // where groups name the same, the last one counts
            }

            RequireFew(Key, rules.Count);
        }

        foreach ((string target, ModuleRule rule) in rules.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            _targets.Add(target, rule);
        }
    }

    // Readers differ in how they compare these, some by a part of the name. All agree where whole parts between dots are the same.
    private void ReadParts(string key)
    {
        foreach (string part in Few(key).Where(part => part.Trim('.').Length > 0))
        {
            _parts.Add(($".{part.Trim('.')}.", ModuleRule.LeaveAlone($"{key} {part}")));
        }
    }

    private void ReadGlobs(string key)
    {
        foreach (string glob in Few(key))
        {
            try
            {
                _globs.Add((new NamePattern(glob), ModuleRule.LeaveAlone($"{key} {glob}")));
            }
            catch (FormatException)
            {
                throw _settings.Fault(key, $"has {ErrorText.Quote(glob)}, expected a pattern with closed sets");
            }
        }
    }

    private IReadOnlyList<string> Few(string key)
    {
        IReadOnlyList<string> texts = _settings.Texts(key);
        RequireFew(key, texts.Count);
        return texts;
    }

    private void RequireFew(string key, int count)
    {
        if (count > MostPatterns)
        {
            throw _settings.Fault(key, $"has {count} patterns, expected at most {MostPatterns}");
        }
    }

    // As Python's re.match: from the beginning of the name, not to its end.
    private bool IsMatch(string pattern, string module)
    {
        lock (_compiled)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                Match? match = _spent > LongestSearch ? throw TooSlow(pattern) : Compile(pattern).Match(module);
                return match.Success && match.Index == 0;
            }
            catch (RegexMatchTimeoutException)
            {
                throw TooSlow(pattern);
            }
            finally
            {
                _spent += Stopwatch.GetElapsedTime(start);
            }
        }
    }

    private Regex Compile(string pattern)
    {
        if (_compiled.TryGetValue(pattern, out Regex? regex))
        {
            return regex;
        }

        if (pattern.Length > LongestPattern)
        {
            throw ModelFormatException.In(
                _settings.Path, $"the pattern {ErrorText.Quote(pattern)} has {pattern.Length} characters, expected at most {LongestPattern}");
        }

        try
        {
            // Python writes named groups in its own way.
            regex = new Regex(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), RegexOptions.CultureInvariant, LongestMatch);
        }
        catch (ArgumentException)
        {
            throw ModelFormatException.In(_settings.Path, $"{ErrorText.Quote(pattern)} is no regular expression, expected one of module names");
        }

        return _compiled[pattern] = regex;
    }

    private ModelFormatException TooSlow(string pattern) =>
        ModelFormatException.In(_settings.Path, $"the pattern {ErrorText.Quote(pattern)} takes too long, expected all together within {LongestSearch.TotalSeconds} s");
}
