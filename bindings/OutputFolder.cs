namespace Quant.Net.Bindings;

/// <summary>The folder of generated files, which holds those and no other <c>*.g.cs</c>.</summary>
internal sealed class OutputFolder(string root, string folder, IReadOnlyDictionary<string, string> files)
{
    private readonly string _path = Path.Combine(root, folder);

    /// <summary>Writes what differs and deletes what is no longer generated.</summary>
    public int Write()
    {
        Directory.CreateDirectory(_path);
        foreach (string name in Differences())
        {
            string path = Path.Combine(_path, name);
            if (files.TryGetValue(name, out string? text))
            {
                File.WriteAllText(path, text);
                Console.WriteLine($"wrote {folder}/{name}");
            }
            else
            {
                File.Delete(path);
                Console.WriteLine($"deleted {folder}/{name}");
            }
        }

        return 0;
    }

    /// <summary>Names what <see cref="Write"/> would change; 1 if there is anything.</summary>
    public int Check()
    {
        string[] differences = [.. Differences()];
        foreach (string name in differences)
        {
            Console.Error.WriteLine($"bindings: {folder}/{name} is not what the header gives; run ./build.sh bindings");
        }

        return differences.Length == 0 ? 0 : 1;
    }

    private IEnumerable<string> Differences()
    {
        IEnumerable<string> present = Directory.Exists(_path)
            ? Directory.EnumerateFiles(_path, "*.g.cs").Select(path => Path.GetFileName(path))
            : [];
        return files.Keys.Union(present).Order(StringComparer.Ordinal).Where(Differs);
    }

    private bool Differs(string name)
    {
        string path = Path.Combine(_path, name);
        return !files.TryGetValue(name, out string? text) || !File.Exists(path)
            || File.ReadAllText(path).ReplaceLineEndings("\n") != text; // a checkout on Windows may have its own line ends
    }
}
