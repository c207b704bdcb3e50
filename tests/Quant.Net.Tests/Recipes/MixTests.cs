using System.Text.Json;
using Quant.Net.Gguf;
using Quant.Net.Tests.Conversion;

namespace Quant.Net.Tests.Recipes;

/// <summary>What llama-quantize chooses for each tensor.</summary>
public class MixTests
{
    private static readonly Lazy<JsonElement> Mix = new(
        () => JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "vectors", "recipes", "mix.json"))).RootElement);

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (JsonProperty model in Mix.Value.GetProperty("models").EnumerateObject())
            {
                foreach (JsonProperty recipe in model.Value.GetProperty("ftypes").EnumerateObject())
                {
                    cases.Add(model.Name, recipe.Name);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ChoosesAsTheReference(string model, string recipe)
    {
        JsonElement expected = Mix.Value.GetProperty("models").GetProperty(model).GetProperty("ftypes").GetProperty(recipe);
        AssertPlan(model, recipe, expected.GetProperty("noimatrix"), hasImportance: false);
        AssertPlan(model, recipe, expected.GetProperty("imatrix"), hasImportance: true);
        if (!expected.GetProperty("noimatrix").TryGetProperty("error", out _))
        {
            Assert.Equal(
                expected.TryGetProperty("requires_imatrix", out JsonElement required) && required.GetBoolean(),
                Plan(model, recipe, hasImportance: false).RequiresImportanceMatrix);
        }
    }

    [Theory]
    [InlineData("wide-Q4_K_M.gguf")]
    [InlineData("stories260K-Q4_K_M.gguf")]
    public void SamplesHaveTheTypesOfTheirPlans(string sample)
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", sample));
        QuantizationPlan plan = QuantizationPlan.Create(model, QuantizationRecipe.Get("Q4_K_M"));
        Assert.True(plan.IsArchitectureKnown);
        Assert.All(plan.Entries, entry => Assert.Equal(entry.Tensor.Format, entry.Target));
        Assert.Equal(model.Tensors.Sum(tensor => tensor.ByteLength), plan.TargetBytes);
        Assert.Equal(plan.Recipe.FileType, model.Metadata.Get<int>("general.file_type"));
    }

    [SharedFact("models/wide256/wide-F32.gguf")]
    public void OutputsOfTheReferenceHaveTheTypesOfTheirPlans() => AssertOutputs(
        "models/wide256", "wide-F32", "wide", "IQ4_XS", "Q2_K", "Q3_K_M", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0");

    // Its Q2_K and Q3_K_M were made before llama.cpp 1dab5f5a4 (2026-03-10), and have IQ4_NL where Q4_0 is given since.
    [SharedFact("models/stories260K/stories260K.gguf")]
    public void ShortRowsGetWhatTheReferenceGivesThem() => AssertOutputs(
        "models/stories260K", "stories260K", "stories260K", "BF16", "F16", "Q4_K_M", "Q6_K");

    private static void AssertOutputs(string folder, string original, string output, params ReadOnlySpan<string> recipes)
    {
        using GgufFile model = GgufFile.Open(SharedFactAttribute.PathOf($"{folder}/{original}.gguf"));
        foreach (string recipe in recipes)
        {
            using GgufFile theirs = GgufFile.Open(SharedFactAttribute.PathOf($"{folder}/llamacpp_quantized/{output}-{recipe}.gguf"));
            QuantizationPlan plan = QuantizationPlan.Create(model, QuantizationRecipe.Get(recipe));
            Assert.Equal(theirs.Tensors.Count, plan.Entries.Count);
            Assert.All(plan.Entries, entry => Assert.Equal(theirs.Tensors[entry.Tensor.Name].Format, entry.Target));
            Assert.Equal(theirs.Tensors.Sum(tensor => tensor.ByteLength), plan.TargetBytes);
            Assert.Equal(plan.Recipe.FileType, theirs.Metadata.Get<int>("general.file_type"));
        }
    }

    private static void AssertPlan(string model, string recipe, JsonElement expected, bool hasImportance)
    {
        if (expected.TryGetProperty("error", out _))
        {
            Assert.ThrowsAny<NotSupportedException>(() => Plan(model, recipe, hasImportance));
            return;
        }

        QuantizationPlan plan = Plan(model, recipe, hasImportance);
        Dictionary<string, QuantFormat> targets = plan.Entries.ToDictionary(entry => entry.Tensor.Name, entry => entry.Target);
        foreach (JsonProperty tensor in expected.EnumerateObject())
        {
            QuantFormat[] formats = Runs(tensor.Value.GetString()!);
            bool isLayered = !targets.ContainsKey(tensor.Name);
            Assert.Equal(isLayered ? MixModels.Layers : 1, formats.Length);
            for (int i = 0; i < formats.Length; i++)
            {
                string name = isLayered ? $"blk.{i}.{tensor.Name}" : tensor.Name;
                Assert.True(targets.Remove(name, out QuantFormat target), name);
                Assert.True(formats[i] == target, $"{name}: {target}, expected {formats[i]}");
            }
        }

        Assert.All(targets, vector => Assert.Equal(QuantFormat.F32, vector.Value));   // norms are not listed
    }

    private static QuantizationPlan Plan(string model, string recipe, bool hasImportance) => QuantizationPlan.Create(
        MixModels.Make(model), QuantizationRecipe.Get(recipe), new QuantizationOptions { HasImportanceMatrix = hasImportance });

    /// <summary>Reads runs such as <c>q6_K*4 q4_K*2</c>; one without a count is a single tensor.</summary>
    private static QuantFormat[] Runs(string text) =>
    [
        .. from run in text.Split(' ')
           let parts = run.Split('*')
           from _ in Enumerable.Range(0, parts.Length == 1 ? 1 : int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture))
           select QuantFormats.TryParse(parts[0], out QuantFormatInfo? info) ? info.Format : throw new FormatException(run),
    ];
}
