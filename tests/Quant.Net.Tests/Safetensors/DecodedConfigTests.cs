using System.Text;
using Quant.Net.Safetensors;

namespace Quant.Net.Tests.Safetensors;

/// <summary>A <c>config.json</c> for decoded weights: what is said of a quantization goes, the type changes, and no other byte.</summary>
public class DecodedConfigTests
{
    [Theory]
    [InlineData("""{"a": 1, "torch_dtype": "bfloat16"}""", """{"a": 1, "torch_dtype": "float16"}""")]
    [InlineData("""{ "dtype":null ,"b":[1, {"dtype": "x"}]}""", """{ "dtype":"float16" ,"b":[1, {"dtype": "x"}]}""")]
    [InlineData("""{"quantization_config": {"bits": 4}, "dtype": "float32"}""", """{"dtype": "float16"}""")]
    [InlineData("""{"dtype": "float32", "quantization_config": {"dtype": 4}, "c": {}}""", """{"dtype": "float16", "c": {}}""")]
    [InlineData("""{"dtype": "float32", "quantization_config": null}""", """{"dtype": "float16"}""")]
    [InlineData("{\n  \"a\": 1.50,\n  \"quantization_config\": {\"x\": []}\n}\n", "{\n  \"a\": 1.50,\n  \"torch_dtype\": \"float16\"\n}\n")]
    [InlineData("""{"quantization_config":{}}""", """{"torch_dtype": "float16"}""")]
    [InlineData("""{ }""", """{"torch_dtype": "float16" }""")]
    [InlineData("""{"text_config":{"quantization_config":1,"dtype":"x","quantization_config2":2},"vision_config":{"dtype":"y"},"dtype":"z"}""", """{"text_config":{"dtype":"float16","quantization_config2":2},"vision_config":{"dtype":"y"},"dtype":"float16"}""")]
    [InlineData("""{"text_config":{"quantization_config":1},"é\u00e9":"\u0041","dtype":"z"}""", """{"text_config":{},"é\u00e9":"\u0041","dtype":"float16"}""")]
    [InlineData("""{"text_config":"none","dtype":{"":"z"}}""", """{"text_config":"none","dtype":{"":"z"},"torch_dtype": "float16"}""")]
    public void OnlyWhatIsOfWeightsChanges(string text, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(DecodedConfig.Of(Encoding.UTF8.GetBytes(text), QuantFormat.F16)));
}
