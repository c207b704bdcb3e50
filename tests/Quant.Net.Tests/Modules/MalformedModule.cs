using System.Text;
using System.Text.Json.Nodes;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Safetensors;

namespace Quant.Net.Tests.Modules;

/// <summary>A file of tests/vectors/matrices, to be damaged and written as a folder.</summary>
internal sealed class MalformedModule
{
    private const string Expected = "expected";

    public MalformedModule(string vector)
    {
        Settings = MatrixVector.SettingsOf(vector);
        var file = new PlainSafetensors(Repository.PathOf("tests", "vectors", "matrices", vector));
        foreach (string name in file.Names.Where(name => name != Expected))
        {
            Tensors.Add(name, file.Tensors[name]);
        }
    }

    public JsonObject Settings { get; }

    public Dictionary<string, PlainSafetensors.Tensor> Tensors { get; } = [];

    /// <summary>The one tensor with such an end.</summary>
    public string Named(string part) => Tensors.Keys.Single(name => name.EndsWith(part, StringComparison.Ordinal));

    public void Write(TempFolder folder)
    {
        int offset = 0;
        List<string> entries = [];
        foreach ((string name, PlainSafetensors.Tensor tensor) in Tensors)
        {
            int end = offset + tensor.Data.Length;
            entries.Add(SafetensorsText.Tensor(name, $"[{string.Join(",", tensor.Shape)}]", $"[{offset},{end}]", tensor.Type));
            offset = end;
        }

        byte[] header = Encoding.UTF8.GetBytes($"{{{string.Join(",", entries)}}}");
        folder.Write("model.safetensors", [.. SafetensorsText.File(header), .. Tensors.Values.SelectMany(tensor => tensor.Data)]);
        folder.Write("config.json", Encoding.UTF8.GetBytes(MatrixVector.ConfigOf(Settings)));
    }
}
