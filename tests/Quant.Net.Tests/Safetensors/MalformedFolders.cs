using static Quant.Net.Tests.Safetensors.SafetensorsText;
using Kind = Quant.Net.Tests.Safetensors.MalformedSafetensors.Kind;

namespace Quant.Net.Tests.Safetensors;

/// <summary>Kinds of malformed folders: an index and two files with a tensor each, or settings beside a file.</summary>
internal static class MalformedFolders
{
    private const string IndexName = "model.safetensors.index.json";
    private const string First = "m-1.safetensors", Second = "m-2.safetensors";
    private const string RightMap = $$"""{"a":"{{First}}","b":"{{Second}}"}""";

    public static IEnumerable<Kind> Kinds() => Indexes().Concat(FileNames()).Concat(Places()).Concat(Settings());

    private static byte[] OneTensor(string name) => File($"{{{Tensor(name, "[2]", "[0,8]")}}}", 8);

    private static Kind Folder(string name, string expected, Func<bool, string> index, Func<bool, (string, byte[])[]>? files = null) =>
        new(name, broken =>
        [
            (IndexName, MalformedSafetensors.Utf8(index(broken))),
            .. files?.Invoke(broken) ?? [(First, OneTensor("a")), (Second, OneTensor("b"))],
        ],
        expected);

    private static Kind Map(string name, string expected, Func<bool, string> map) =>
        Folder(name, expected, broken => $$"""{"metadata":{"total_size":16},"weight_map":{{map(broken)}}}""");

    private static IEnumerable<Kind> Indexes()
    {
        foreach ((string text, string index, string expected) in new[]
        {
            ("empty", "", "no valid JSON"), ("a list", "[]", "index itself is a list"), ("null", "null", "index itself is null"),
            ("cut short", "{\"weight_map\":{", "no valid JSON"),
            ("without a weight_map", "{\"metadata\":{}}", "has no weight_map"),
            ("with an empty weight_map", "{\"weight_map\":{}}", "or an empty one"),
            ("with two weight_maps", $"{{\"weight_map\":{RightMap},\"weight_map\":{RightMap}}}", "'weight_map' twice"),
            ("with metadata that are a list", $"{{\"weight_map\":{RightMap},\"metadata\":[]}}", "metadata is a list"),
            ("followed by more", $"{{\"weight_map\":{RightMap}}} x", "no valid JSON"),
        })
        {
            yield return Folder($"index is {text}", expected, b => b ? index : $"{{\"weight_map\":{RightMap}}}");
        }

        yield return Folder("index has a comment", "no valid JSON", b => $"{{{(b ? "//\n" : "")}\"weight_map\":{RightMap}}}");
        yield return Map("weight_map is a list", "weight_map is a list", b => b ? "[]" : RightMap);
        yield return Map("weight_map has a number for a file", "tensor 'b': its file is 2, expected a text",
            b => b ? $$"""{"a":"{{First}}","b":2}""" : RightMap);
        yield return Map("weight_map has a list of files", "its file is a list",
            b => b ? $$"""{"a":"{{First}}","b":["{{Second}}"]}""" : RightMap);
        yield return Map("weight_map has a tensor twice", "tensor 'b': is there twice",
            b => b ? $$"""{"a":"{{First}}","b":"{{Second}}","b":"{{Second}}"}""" : RightMap);
    }

    private static IEnumerable<Kind> FileNames()
    {
        foreach (string name in new[]
        {
            "../m-2.safetensors", "..\\\\m-2.safetensors", "/etc/m-2.safetensors", "C:\\\\m-2.safetensors",
            "C:m-2.safetensors", "./m-2.safetensors",
            "sub/m-2.safetensors", "..", "", ".safetensors", "m-2.bin", "m-2", "m-2.safetensors/", "m-2.safetensors\\u0000", "m\\n-2.safetensors",
            "\\u202em-2.safetensors", "file:///m-2.safetensors",
        })
        {
            yield return Map($"file of a tensor is named {name}", "expected the name of a .safetensors file beside the index",
                b => b ? $$"""{"a":"{{First}}","b":"{{name}}"}""" : RightMap);
        }
    }

    private static IEnumerable<Kind> Places()
    {
        string index = $"{{\"weight_map\":{RightMap}}}";
        yield return Folder("a file is missing", "1 of 2 files are missing: 'm-2.safetensors'", _ => index,
            b => b ? [(First, OneTensor("a"))] : [(First, OneTensor("a")), (Second, OneTensor("b"))]);
        yield return Folder("all files are missing", "2 of 2 files are missing", _ => index,
            b => b ? [] : [(First, OneTensor("a")), (Second, OneTensor("b"))]);
        yield return Folder("a file is malformed", "m-2.safetensors: ",
            _ => index, b => [(First, OneTensor("a")), (Second, b ? [1, 2, 3] : OneTensor("b"))]);
        yield return Folder("a tensor is in another file", "tensor 'a': is in 'm-2.safetensors', expected in 'm-1.safetensors'", _ => index,
            b => [(First, OneTensor(b ? "b" : "a")), (Second, OneTensor(b ? "a" : "b"))]);
        yield return Folder("a tensor is in no file", "tensor 'b': is in no file, expected in 'm-2.safetensors'", _ => index,
            b => [(First, OneTensor("a")), (Second, OneTensor(b ? "c" : "b"))]);
        yield return Folder("a tensor is in two files", "tensor 'a': ", _ => index,
            b =>
            [
                (First, OneTensor("a")),
                (Second, b ? File($"{{{Tensor("a", "[0]", "[0,0]")},{Tensor("b", "[2]", "[0,8]")}}}", 8) : OneTensor("b")),
            ]);
        yield return new Kind("two files and no index", b => b
            ? [("x.safetensors", OneTensor("a")), ("y.safetensors", OneTensor("b"))] : [("x.safetensors", OneTensor("a"))],
            "has no index (model.safetensors.index.json)");
        yield return new Kind("two indexes", b =>
            [
                ("x.safetensors.index.json", MalformedSafetensors.Utf8(index)),
                .. b ? [("y.safetensors.index.json", MalformedSafetensors.Utf8(index))] : Array.Empty<(string, byte[])>(),
                (First, OneTensor("a")), (Second, OneTensor("b")),
            ],
            "has several indexes");
        yield return new Kind("no safetensors file",
            b => [(b ? "model.bin" : "model.safetensors", OneTensor("a"))], "has no model in it: neither *.safetensors nor *.gguf");
        yield return new Kind("only a GGUF file",
            b => [(b ? "model.gguf" : "model.safetensors", OneTensor("a"))], "name one of 'model.gguf'");
    }

    private static Kind Setting(string file, string name, string expected, Func<bool, string> text) => new(
        $"{file}: {name}", broken => [("model.safetensors", OneTensor("a")), (file, MalformedSafetensors.Utf8(text(broken)))], expected);

    private static IEnumerable<Kind> Settings()
    {
        foreach (string file in new[] { "config.json", "quantize_config.json", "quant_config.json" })
        {
            yield return Setting(file, "is empty", "no valid JSON", b => b ? "" : "{}");
            yield return Setting(file, "is a list", "the file is a list, expected an object", b => b ? "[]" : "{}");
            yield return Setting(file, "is cut short", "no valid JSON", b => b ? "{\"bits\": 4" : "{\"bits\": 4}");
            yield return Setting(file, "has a key twice", "'bits' is there twice", b => b ? "{\"bits\":4,\"bits\":8}" : "{\"bits\":4}");
            yield return Setting(file, "has half of a surrogate pair", "half of a surrogate pair",
                b => b ? "{\"x\":\"\\ud800\"}" : "{\"x\":\"y\"}");
            yield return Setting(file, "is nested too deep", "no valid JSON",
                b => $"{{\"x\":{new string('[', b ? 100 : 10)}{new string(']', b ? 100 : 10)}}}");
            yield return Setting(file, "has more than 4 MiB", "expected at most 4194304", b => $"{{}}{new string(' ', b ? 4 << 20 : 100)}");
        }

        foreach ((string key, string wrong, string right, string expected) in new[]
        {
            ("bits", "\"4\"", "4", "'bits' is \"4\", expected a whole number"),
            ("bits", "4.5", "4", "'bits' is 4.5"),
            ("bits", "0", "4", "'bits' is 0, expected 1 to 16"),
            ("bits", "17", "16", "'bits' is 17"),
            ("bits", "4294967300", "4", "expected a whole number"),
            ("group_size", "0", "-1", "'group_size' is 0, expected -1 or"),
            ("group_size", "-2", "128", "'group_size' is -2"),
            ("group_size", "\"128\"", "128", "'group_size' is \"128\""),
            ("sym", "1", "true", "'sym' is 1, expected true or false"),
            ("desc_act", "\"true\"", "false", "'desc_act' is \"true\""),
            ("quant_method", "4", "\"gptq\"", "'quant_method' is 4, expected a text"),
            ("checkpoint_format", "[]", "\"gptq_v2\"", "'checkpoint_format' is a list"),
            ("w_bit", "true", "4", "'w_bit' is true"),
            ("q_group_size", "0", "128", "'q_group_size' is 0"),
            ("zero_point", "0", "true", "'zero_point' is 0"),
            ("config_groups", "[]", "{}", "'config_groups' is a list"),
        })
        {
            yield return Setting("quantize_config.json", $"{key} is {wrong}", expected, b => $"{{\"{key}\":{(b ? wrong : right)}}}");
        }

        yield return Setting("config.json", "quantization_config is a text", "'quantization_config' is \"gptq\", expected an object",
            b => b ? "{\"quantization_config\":\"gptq\"}" : "{\"quantization_config\":{}}");
        yield return Setting("config.json", "bits of quantization_config are a text", "'quantization_config.bits' is \"4\"",
            b => $"{{\"quantization_config\":{{\"bits\":{(b ? "\"4\"" : "4")}}}}}");
    }
}
