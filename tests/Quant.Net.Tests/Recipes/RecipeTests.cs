namespace Quant.Net.Tests.Recipes;

public class RecipeTests
{
    [Theory]
    [InlineData("Q4_K_M", "Q4_K_M")]
    [InlineData("q4_k_m", "Q4_K_M")]
    [InlineData("Q4_K", "Q4_K_M")]
    [InlineData("q3_k", "Q3_K_M")]
    [InlineData("Q5_K", "Q5_K_M")]
    [InlineData("15", "Q4_K_M")]
    [InlineData("0", "F32")]
    [InlineData("copy", "COPY")]
    public void IsFoundByNameOtherNameOrNumber(string text, string name) => Assert.Equal(name, QuantizationRecipe.Get(text).Name);

    [Theory]
    [InlineData("")]
    [InlineData("Q9_K")]
    [InlineData("4")]
    [InlineData("39")]
    [InlineData("-1")]
    [InlineData(" Q4_K")]
    public void UnknownOnesAreRefused(string text)
    {
        Assert.False(QuantizationRecipe.TryParse(text, out _));
        string message = Assert.Throws<ArgumentException>(() => QuantizationRecipe.Get(text)).Message;
        Assert.StartsWith($"File type '{text}' is unknown, expected one of Q1_0, ", message);
    }

    [Fact]
    public void NamesAndNumbersAreUnique()
    {
        Assert.Equal(36, QuantizationRecipe.All.Count);
        Assert.Equal(36, QuantizationRecipe.All.DistinctBy(recipe => recipe.FileType).Count());
        Assert.False(QuantizationRecipe.TryParse(null, out _));
    }

    [Fact]
    public void NamesOfFilesAreNotAlwaysNamesOfFormats() => Assert.Equal(QuantFormat.IQ2_XS, QuantizationRecipe.Get("IQ2_S").Format);

    [Fact]
    public void ThePageHasAll()
    {
        var numbers = new Dictionary<string, string>();
        foreach (string line in File.ReadLines(Repository.PathOf("docs", "recipes.md")).SkipWhile(line => !line.StartsWith("| recipe ", StringComparison.Ordinal))
            .Skip(2).TakeWhile(line => line.StartsWith('|')))
        {
            string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
            foreach ((string name, string number) in cells[1].Split(", ").Zip(cells[2].Split(", ")))
            {
                numbers.Add(name, number);
            }
        }

        Assert.Equal(
            QuantizationRecipe.All.Select(recipe => (recipe.Name, recipe.FileType?.ToString() ?? "the model's")).Order(),
            numbers.Select(entry => (entry.Key, entry.Value)).Order());
    }
}
