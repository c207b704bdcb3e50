using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Quant.Net.Gguf;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Inspect;

namespace Quant.Net.Tool.Metadata;

/// <summary>The options that say what to change in metadata. Keys are renamed first, then removed, then set.</summary>
internal sealed class EditOptions
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Option<string[]> _set = Several(
        "--set", "KEY[:TYPE]=VALUE", "Give a key a value. One that is there keeps its type, a new one needs it: uint32, float32, bool, string, int32[] ...");

    private readonly Option<string[]> _setFile = Several("--set-file", "KEY=FILE", "Give a key the text of a file");
    private readonly Option<string[]> _remove = Several("--remove", "KEY", "Take a key away");
    private readonly Option<string[]> _rename = Several("--rename", "OLD=NEW", "Give a value another key");
    private readonly Option[] _all;

    /// <summary>Adds the options to a command.</summary>
    public EditOptions(Command command)
    {
        _all = [_set, _setFile, _remove, _rename];
        Array.ForEach(_all, command.Options.Add);
    }

    /// <summary>The first of the options that is given; null if nothing is to be changed.</summary>
    public string? FirstGiven(CommandResult command) => _all.FirstOrDefault(option => command.GetResult(option) is { Implicit: false })?.Name;

    /// <summary>What to change in the metadata of a model.</summary>
    /// <exception cref="UsageException">An option has a value that makes no sense.</exception>
    /// <exception cref="ToolException">A key is not there, or a file cannot be read.</exception>
    public async Task<(GgufMetadataEdits Edits, IReadOnlyList<MetadataChange> Changes)> ReadAsync(
        ParseResult parsed, string input, GgufFile model, CancellationToken cancellation)
    {
        var edits = new GgufMetadataEdits();
        var changes = new List<MetadataChange>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);   // of renamed keys: what they are called in the model
        foreach ((string old, string renamed) in Pairs(parsed, _rename))
        {
            _ = model.Metadata.ContainsKey(old) ? old : throw NoKey(input, model, old);
            Edit(_rename, () => edits.Rename(old, renamed));
            names[renamed] = old;
            changes.Add(new MetadataChange("renamed", renamed) { OldKey = old });
        }

        foreach (string key in parsed.GetValue(_remove) ?? [])
        {
            _ = model.Metadata.ContainsKey(key) ? key : throw NoKey(input, model, key);
            Edit(_remove, () => edits.Remove(key));
            changes.Add(new MetadataChange("removed", key));
        }

        foreach ((string left, string text) in Pairs(parsed, _set))
        {
            (string key, string? type) = SplitType(left);
            GgufValue? old = model.Metadata.TryGetValue(names.GetValueOrDefault(key, key), out GgufValue? found) ? found : null;
            Set(_set, key, Value(key, type, old, text));
        }

        foreach ((string key, string path) in Pairs(parsed, _setFile))
        {
            Set(_setFile, key, GgufValue.FromString(await ReadTextAsync(path, cancellation)));
        }

        return (edits, changes);

        void Set(Option option, string key, GgufValue value)
        {
            Edit(option, () => edits.Set(key, value));
            changes.Add(new MetadataChange("set", key) { Entry = GgufSurvey.Describe(key, value, int.MaxValue) });
        }
    }

    /// <summary>What is said of a key that is not there.</summary>
    public static ToolException NoKey(string input, GgufFile model, string key)
    {
        string guess = Suggestion.For(key, model.Metadata.Keys) is { } near ? $"; did you mean '{near}'?" : "";
        return new ToolException($"{input}: has no metadata '{key}'{guess}");
    }

    private static Option<string[]> Several(string name, string helpName, string description) => new(name)
    {
        Description = $"{description}; may be repeated",
        HelpName = helpName,
    };

    private static IEnumerable<(string Left, string Right)> Pairs(ParseResult parsed, Option<string[]> option)
    {
        foreach (string text in parsed.GetValue(option) ?? [])
        {
            int place = text.IndexOf('=', StringComparison.Ordinal);
            yield return place > 0 && (place < text.Length - 1 || option.Name == "--set")
                ? (text[..place], text[(place + 1)..])
                : throw new UsageException($"{option.Name}: '{text}' is not {option.HelpName}");
        }
    }

    private static (string Key, string? Type) SplitType(string text)
    {
        int place = text.LastIndexOf(':');
        return place < 0 ? (text, null)
            : place > 0 ? (text[..place], text[(place + 1)..])
            : throw new UsageException($"--set: '{text}' has no key, expected KEY:TYPE");
    }

    private static GgufValue Value(string key, string? typeName, GgufValue? old, string text)
    {
        (GgufValueType type, GgufValueType? element) = typeName is not null ? TypeOf(typeName)
            : old is not null ? (old.Type, old.ElementType)
            : throw new UsageException($"--set: '{key}' is new, so say its type: {key}:TYPE=VALUE, with a TYPE such as {TypeNames}, int32[]");
        try
        {
            return GgufValue.Parse(text, type, element);
        }
        catch (Exception refused) when (refused is FormatException or ArgumentException)
        {
            throw new UsageException($"--set {key}: {ErrorText.Describe(refused)}");
        }
    }

    private static string TypeNames => string.Join(
        ", ", Enum.GetValues<GgufValueType>().Where(type => type != GgufValueType.Array).Select(GgufSurvey.NameOf));

    // As inspect shows them, or as messages about files do.
    private static (GgufValueType Type, GgufValueType? Element) TypeOf(string name)
    {
        const string ArrayMark = "[]";
        bool isArray = name.EndsWith(ArrayMark, StringComparison.Ordinal);
        string word = (isArray ? name[..^ArrayMark.Length] : name).ToLowerInvariant();
        foreach (GgufValueType type in Enum.GetValues<GgufValueType>())
        {
            if (type != GgufValueType.Array && (word == GgufSurvey.NameOf(type) || word == ShortName(type)))
            {
                return isArray ? (GgufValueType.Array, type) : (type, null);
            }
        }

        throw new UsageException($"--set: '{name}' is no type; there are {TypeNames}, and arrays of these, such as int32[]");
    }

    private static string ShortName(GgufValueType type) => GgufSurvey.NameOf(type)
        .Replace("uint", "u", StringComparison.Ordinal)
        .Replace("int", "i", StringComparison.Ordinal)
        .Replace("float", "f", StringComparison.Ordinal)
        .Replace("boolean", "bool", StringComparison.Ordinal);

    private static async Task<string> ReadTextAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return StrictUtf8.GetString(await InputFile.ReadAsync(path, cancellation));
        }
        catch (DecoderFallbackException)
        {
            throw new ToolException($"{path}: is not UTF-8, expected a text");
        }
    }

    private static void Edit(Option option, Action edit)
    {
        try
        {
            edit();
        }
        catch (ArgumentException refused)
        {
            throw new UsageException($"{option.Name}: {ErrorText.Describe(refused)}");
        }
    }
}
