using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace Quant.Net.Reference;

/// <summary>The public types of the library as a page: each with its members, and what is written of them.</summary>
internal static class DotNetReference
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Write(Assembly library, XmlDocs docs)
    {
        var page = new StringBuilder("""
            # .NET reference

            <!-- Written by scripts/reference from Quant.Net and its documentation. Do not edit; ./build.sh reference -->

            """);
        foreach (IGrouping<string?, Type> space in library.GetExportedTypes()
            .OrderBy(type => type.Namespace, StringComparer.Ordinal).ThenBy(type => type.Name, StringComparer.Ordinal)
            .GroupBy(type => type.Namespace))
        {
            page.Append($"\nNamespace {space.Key}\n\n| type | |\n| --- | --- |\n");
            foreach (Type type in space)
            {
                page.Append($"| [{CSharpText.Name(type)}](#{Anchor(type)}) | {XmlDocs.Text(docs.Of(type)?.Element("summary"))} |\n");
            }
        }

        foreach (Type type in library.GetExportedTypes().OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            page.Append($"\n## {CSharpText.Name(type)}\n\n`{Signature.Of(type)}` in {type.Namespace}\n");
            Description(page, docs.Of(type));
            if (type.IsEnum)
            {
                Values(page, type, docs);
            }
            else
            {
                Members(page, type, docs);
            }
        }

        return page.ToString();
    }

    private static string Anchor(Type type) => CSharpText.Name(type).ToLowerInvariant();

    private static void Values(StringBuilder page, Type type, XmlDocs docs)
    {
        page.Append("\n| value | number | |\n| --- | --- | --- |\n");
        foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            page.Append($"| `{field.Name}` | {field.GetRawConstantValue()} | {XmlDocs.Text(docs.Of(field)?.Element("summary"))} |\n");
        }
    }

    /// <summary>Members in the order of their kinds and names; overloads that do the same are described once.</summary>
    private static void Members(StringBuilder page, Type type, XmlDocs docs)
    {
        var described = type.GetMembers(Declared)
            .Where(member => member is FieldInfo or PropertyInfo or ConstructorInfo or MethodInfo { IsSpecialName: false } || IsOperator(member))
            .Select(member => (Member: member, Doc: docs.Of(member)))
            .Where(pair => pair.Doc is not null)
            .OrderBy(pair => Kind(pair.Member)).ThenBy(pair => pair.Member.Name, StringComparer.Ordinal)
            .ThenBy(pair => Signature.Of(pair.Member), StringComparer.Ordinal)
            .GroupBy(pair => pair.Doc!);
        foreach (IGrouping<XElement, (MemberInfo Member, XElement? Doc)> group in described)
        {
            string heading = group.First().Member switch
            {
                ConstructorInfo => "new",
                PropertyInfo { Name: "Item" } => "this[]",
                MemberInfo member => IsOperator(member) ? Signature.Of(member) : member.Name,
            };
            page.Append($"\n### {CSharpText.Name(type)}.{heading}\n\n```csharp\n");
            page.AppendJoin('\n', group.Select(pair => Signature.Of(pair.Member))).Append("\n```\n");
            Description(page, group.Key);
        }
    }

    private static bool IsOperator(MemberInfo member) =>
        member is MethodInfo { IsSpecialName: true } && member.Name.StartsWith("op_", StringComparison.Ordinal);

    private static int Kind(MemberInfo member) => member switch
    {
        FieldInfo => 0,
        ConstructorInfo => 1,
        PropertyInfo => 2,
        _ => IsOperator(member) ? 4 : 3,
    };

    private static void Description(StringBuilder page, XElement? doc)
    {
        Paragraph(page, doc?.Element("summary"));
        Paragraph(page, doc?.Element("remarks"));
        List<string> rows =
        [
            .. Named("typeparam").Concat(Named("param")),
            .. Rows("returns", _ => "returns"),
            .. Rows("exception", exception => $"throws `{XmlDocs.Target(exception)}`"),
        ];
        if (rows.Count > 0)
        {
            page.Append("\n| | |\n| --- | --- |\n").AppendJoin('\n', rows).Append('\n');
        }

        if (doc?.Element("example")?.Element("code") is { } code)
        {
            page.Append($"\n```csharp\n{Unindented(code.Value)}\n```\n");
        }

        IEnumerable<string> Named(string element) => Rows(element, named => $"`{named.Attribute("name")!.Value}`");

        IEnumerable<string> Rows(string element, Func<XElement, string> title) =>
            doc?.Elements(element).Select(row => $"| {title(row)} | {XmlDocs.Text(row)} |") ?? [];
    }

    private static void Paragraph(StringBuilder page, XElement? element)
    {
        if (XmlDocs.Text(element) is { Length: > 0 } text)
        {
            page.Append($"\n{text}\n");
        }
    }

    // The compiler keeps the indentation that the comment had in its file.
    private static string Unindented(string code)
    {
        string[] lines = code.Trim('\n', '\r').TrimEnd().Split('\n');
        int indentation = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > indentation ? line[indentation..].TrimEnd() : ""));
    }
}
