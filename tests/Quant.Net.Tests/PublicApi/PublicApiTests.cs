namespace Quant.Net.Tests.PublicApi;

public sealed class PublicApiTests
{
    private const string UpdateVariable = "QUANTNET_UPDATE_API";

    /// <summary>Changes of the public API are seen in a review, because this file changes with them.</summary>
    [Fact]
    public void ThePublicApiIsTheOneInTheFile()
    {
        string path = Repository.PathOf("tests", "api", "Quant.Net.txt");
        string[] actual = [.. ApiText.Of(typeof(QuantDevice).Assembly)];
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllLines(path, actual);
        }

        string[] expected = File.ReadAllLines(path);
        string change = string.Join('\n', expected.Except(actual).Select(line => $"- {line.Trim()}")
            .Concat(actual.Except(expected).Select(line => $"+ {line.Trim()}")));
        Assert.True(
            expected.SequenceEqual(actual),
            $"the public API is not the one in {path}:\n{change}\nIf that is meant, run tests/checks/public-api.sh --update");
    }
}
