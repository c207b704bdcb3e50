using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Quant.Net.Reference;

/// <summary>The documentation that the compiler wrote beside an assembly, as Markdown.</summary>
internal sealed partial class XmlDocs(string path)
{
    private readonly Dictionary<string, XElement> _members =
        XDocument.Load(path).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    /// <summary>What is written of a member; null if nothing is, or only that it does what its interface says.</summary>
    public XElement? Of(MemberInfo member) => Resolve(_members.GetValueOrDefault(DocId.Of(member)));

    private XElement? Resolve(XElement? doc) => doc?.Element("inheritdoc") is { } inherited
        ? Resolve(inherited.Attribute("cref") is { } source ? _members.GetValueOrDefault(source.Value) : null)
        : doc;

    /// <summary>An element's text on one line; null if there is no element.</summary>
    public static string? Text(XElement? element) =>
        element is null ? null : Spaces().Replace(string.Concat(element.Nodes().Select(Node)), " ").Trim();

    private static string Node(XNode node) => node switch
    {
        XText text => text.Value.Replace("<", "&lt;").Replace("|", "\\|"),
        XElement { Name.LocalName: "see" } see => $"`{Target(see)}`",
        XElement { Name.LocalName: "paramref" or "typeparamref" } name => $"`{name.Attribute("name")!.Value}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "em" } emphasis => $"*{emphasis.Value}*",
        XElement { Name.LocalName: "para" } paragraph => $" {Text(paragraph)} ",
        XElement { Name.LocalName: "list" or "item" or "description" } part => $" {Text(part)} ",
        XElement other => throw new InvalidOperationException($"no Markdown for <{other.Name}>"),
        _ => "",
    };

    /// <summary>What a reference names, as short as people say it: <c>Open</c>, <c>GgufFile.Open</c>, <c>IOException</c>.</summary>
    public static string Target(XElement see)
    {
        if (see.Attribute("cref")?.Value is not { } id)
        {
            return (see.Attribute("langword") ?? see.Attribute("href"))!.Value;
        }

        string name = id[2..].Split('(')[0].Replace("#ctor", "new");
        string[] parts = Arity().Replace(name, "").Split('.');
        return id[0] == 'T' && Type.GetType(name) is { } type ? CSharpText.Name(type) : string.Join('.', id[0] == 'T' ? parts[^1..] : parts[^2..]);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"`+\d+")]
    private static partial Regex Arity();
}
