using System.Text;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Verification;

/// <summary>Manifests in both forms, what is none, and what is compared with them.</summary>
public class TensorManifestTests
{
    private const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";

    [Theory]
    [InlineData("{\"hashes\":[{\"tensor\":\"a b\",\"sha256\":\"" + Zeros + "\"}]}", "a b")]
    [InlineData(Zeros + "  a b\n", "a b")]
    [InlineData(Zeros + " *a b\r\n\r\n", "a b")]
    [InlineData("sha256" + "   tensor\n" + Zeros + "  a", "a")]
    [InlineData("\\" + Zeros + "  a\\nb\\\\n\n", "a\nb\\n")]
    public void IsRead(string text, string name)
    {
        TensorManifest manifest = Read(text);
        Assert.Equal([(name, Zeros)], manifest.Hashes.Select(entry => (entry.Key, entry.Value)));
    }

    [Theory]
    [InlineData("", "has no hashes")]
    [InlineData("{}", "has no list 'hashes'")]
    [InlineData("{\"hashes\":[]}", "has no hashes")]
    [InlineData("{\"hashes\":[1]}", "hashes[0] is ''")]
    [InlineData("{\"hashes\":", "JSON")]
    [InlineData("{\"hashes\":[{\"tensor\":\"a\",\"sha256\":\"12\"}]}", "hashes[0] is '12 a', expected a SHA-256 of 64 digits")]
    [InlineData("hello", "line 1 is 'hello'")]
    [InlineData(Zeros + "  a\n" + Zeros + "  a\n", "line 2 has the tensor 'a', which is there already")]
    [InlineData(Zeros + "\n", "line 1 is '" + Zeros + "'")]
    [InlineData("\u001b[31m  x", "line 1 is '\\u{1B}[31m x'")]
    public void IsRefused(string text, string expected)
    {
        var fault = Assert.Throws<ModelFormatException>(() => Read(text));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        MalformedFileTests.AssertIsOneCleanLine(fault.Message);
    }

    [Fact]
    public async Task BothContainersAreCompared()
    {
        using GgufFile gguf = GgufFile.Open(Repository.PathOf("samples", "models", "wide-Q4_K_M.gguf"));
        using SafetensorsModel safetensors = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit"));
        using QuantDevice device = QuantDevice.Open("cpu");
        foreach (Func<VerifyOptions, Task<VerifyResult>> verify in new Func<VerifyOptions, Task<VerifyResult>>[]
        {
            options => ModelVerifier.VerifyAsync(gguf, options, device),
            options => ModelVerifier.VerifyAsync(safetensors, options),
        })
        {
            IReadOnlyList<TensorCheck> checks = (await verify(new VerifyOptions { Hash = true })).Tensors;
            string Lines(IEnumerable<TensorCheck> of) => string.Concat(of.Select(check => $"{check.Sha256!.ToUpperInvariant()}  {check.Name}\n"));
            VerifyResult same = await verify(new VerifyOptions { Manifest = Read(Lines(checks)) });
            Assert.True(same.IsSound);

            VerifyResult other = await verify(new VerifyOptions { Manifest = Read(Lines(checks.Skip(2)) + $"{Zeros}  {checks[1].Name}\n{Zeros}  more\n") });
            Assert.False(other.IsSound);
            Assert.Equal(
                [
                    $"tensor '{checks[0].Name}' is in the model and not in the manifest",
                    $"tensor '{checks[1].Name}' has the SHA-256 {checks[1].Sha256}, expected {Zeros}",
                    "tensor 'more' is in the manifest and not in the model",
                ],
                other.Faults.Select(fault => fault[(fault.IndexOf(": ", StringComparison.Ordinal) + 2)..]));
        }
    }

    private static TensorManifest Read(string text)
    {
        using var folder = new TempFolder();
        return TensorManifest.Read(folder.Write("manifest", Encoding.UTF8.GetBytes(text)));
    }
}
