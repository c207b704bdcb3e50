using Quant.Net.Gguf;

namespace Quant.Net.Tests.Gguf;

/// <summary>A folder for a test's files, gone when the test is.</summary>
internal sealed class TempFolder : IDisposable
{
    /// <summary>The folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("quantnet-").FullName;

    /// <summary>The path of a file in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The names of everything in the folder, sorted.</summary>
    public string[] Names =>
        new DirectoryInfo(Path).GetFileSystemInfos().Select(entry => entry.Name).Order(StringComparer.Ordinal).ToArray();

    /// <summary>Writes a model and opens it.</summary>
    public GgufFile Open(TestModel model, string name = "model.gguf") => GgufFile.Open(Write(name, model.ToBytes()));

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
