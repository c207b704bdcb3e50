using System.Reflection;
using Quant.Net;
using Quant.Net.Reference;

const string Usage = """
    Writes docs/reference/c.md from native/include/quantnet.h, and docs/reference/dotnet.md from Quant.Net and its documentation.

      --check   write nothing; exit 1 and name the files that differ from what would be written
    """;

if (args is not ([] or ["--check"]))
{
    Console.Error.WriteLine(Usage);
    return 2;
}

string root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepositoryRoot").Value!;
Assembly library = typeof(QuantDevice).Assembly;
(string Path, string Text)[] files =
[
    ("docs/reference/c.md", CReference.Write(File.ReadAllLines(Path.Combine(root, "native", "include", "quantnet.h")))),
    ("docs/reference/dotnet.md", DotNetReference.Write(library, new XmlDocs(Path.ChangeExtension(library.Location, ".xml")))),
];

int differences = 0;
foreach ((string name, string text) in files)
{
    string path = Path.Combine(root, name);
    if (File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == text)
    {
        continue;
    }

    differences++;
    if (args is ["--check"])
    {
        Console.Error.WriteLine($"reference: {name} is not what the sources give; run ./build.sh reference");
    }
    else
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        Console.WriteLine($"wrote {name}");
    }
}

return args is ["--check"] && differences > 0 ? 1 : 0;
