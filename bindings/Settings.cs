using System.Text.Json;

namespace Quant.Net.Bindings;

/// <summary>How one C enum appears in C#; see settings.json.</summary>
internal sealed record EnumSettings
{
    public required string Name { get; init; }

    public required string Prefix { get; init; }

    public bool Public { get; init; }

    public bool KeepNames { get; init; }

    public string? Undocumented { get; init; }

    public IReadOnlyDictionary<string, string> Members { get; init; } = new Dictionary<string, string>();
}

/// <summary>The contents of settings.json.</summary>
internal sealed record Settings
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    public required string Header { get; init; }

    public required string Output { get; init; }

    public required string Library { get; init; }

    public required string Prefix { get; init; }

    public required IReadOnlyDictionary<string, EnumSettings> Enums { get; init; }

    public required HashSet<string> Trivial { get; init; }

    public static Settings Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Settings>(File.ReadAllText(path), Options)
                ?? throw new GeneratorException($"{path}: found null, expected an object");
        }
        catch (JsonException e)
        {
            throw new GeneratorException($"{path}: {e.Message}");
        }
    }
}
