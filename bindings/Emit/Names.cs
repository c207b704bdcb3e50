using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>What things of the header are called in C#.</summary>
internal sealed class Names
{
    // C# keywords that C allows as names.
    private static readonly HashSet<string> Keywords =
    [
        "abstract", "as", "base", "bool", "byte", "catch", "checked", "class", "decimal", "delegate", "event", "explicit", "false",
        "finally", "fixed", "foreach", "implicit", "in", "interface", "internal", "is", "lock", "namespace", "new", "null", "object",
        "operator", "out", "override", "params", "private", "protected", "public", "readonly", "ref", "sbyte", "stackalloc", "string",
        "this", "throw", "true", "try", "typeof", "uint", "ulong", "unchecked", "unsafe", "ushort", "using", "virtual",
    ];

    // Types that have the same size on every platform, and size_t. "long" is missing on purpose: it has 32 bits on Windows.
    private static readonly Dictionary<string, string> Primitives = new()
    {
        ["void"] = "void",
        ["char"] = "byte",
        ["float"] = "float",
        ["double"] = "double",
        ["size_t"] = "nuint",
        ["int8_t"] = "sbyte",
        ["int16_t"] = "short",
        ["int32_t"] = "int",
        ["int64_t"] = "long",
        ["uint8_t"] = "byte",
        ["uint16_t"] = "ushort",
        ["uint32_t"] = "uint",
        ["uint64_t"] = "ulong",
    };

    private readonly Settings _settings;
    private readonly Header _header;
    private readonly Dictionary<string, string> _references = [];

    public Names(Settings settings, Header header)
    {
        _settings = settings;
        _header = header;
        foreach (CEnum e in header.Enums)
        {
            _references.Add(e.Name, EnumSettings(e).Name);
            foreach (CEnumMember member in e.Members)
            {
                _references.Add(member.Name, $"{EnumSettings(e).Name}.{Member(e, member)}");
            }
        }

        foreach (string name in header.Functions.Select(f => f.Name).Concat(header.Constants.Select(c => c.Name)))
        {
            _references.Add(name, $"NativeMethods.{name}");
        }

        foreach (string name in header.Structs.Select(s => s.Name))
        {
            _references.Add(name, name);
        }

        foreach (COpaque opaque in header.Opaques)
        {
            _references.Add(opaque.Name, Handle(opaque.Name));
        }
    }

    public EnumSettings EnumSettings(CEnum e) => _settings.Enums.TryGetValue(e.Name, out EnumSettings? settings)
        ? settings
        : throw new GeneratorException($"enum {e.Name} has no entry under \"enums\" in settings.json, expected one with its C# name");

    public string Member(CEnum e, CEnumMember member)
    {
        EnumSettings settings = EnumSettings(e);
        if (settings.Members.TryGetValue(member.Name, out string? name))
        {
            return name;
        }

        if (!member.Name.StartsWith(settings.Prefix, StringComparison.Ordinal))
        {
            throw new GeneratorException($"{member.Name} of enum {e.Name} does not begin with {settings.Prefix}; name it in settings.json");
        }

        string rest = member.Name[settings.Prefix.Length..];
        return settings.KeepNames ? rest : Pascal(rest);
    }

    /// <summary>The SafeHandle class of an opaque struct.</summary>
    public string Handle(string opaque) => Pascal(opaque[_settings.Prefix.Length..]) + "Handle";

    public string Parameter(string name) => Keywords.Contains(name) ? "@" + name : name;

    /// <summary>A type as it stands in the struct or signature of <paramref name="owner"/>.</summary>
    public string Type(CType type, string owner)
    {
        string name = type.Kind switch
        {
            CTypeKind.Enum => EnumSettings(_header.Enums.First(e => e.Name == type.Name)).Name,
            CTypeKind.Struct => type.Name,
            _ => Primitives.TryGetValue(type.Name, out string? primitive)
                ? primitive
                : throw new GeneratorException(
                    $"{owner}: type '{type.Name}' differs between platforms or is unknown, expected a fixed-width type"),
        };
        return name + new string('*', type.Pointers);
    }

    public bool IsOpaque(CType type) => type.Kind == CTypeKind.Struct && _header.Opaques.Any(o => o.Name == type.Name);

    /// <summary>What a name in a C comment refers to in C#, or null.</summary>
    public string? Reference(string name) => _references.GetValueOrDefault(name);

    private static string Pascal(string name) => string.Concat(
        name.Split('_', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => char.ToUpperInvariant(word[0]) + word[1..].ToLowerInvariant()));
}
