using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Quant.Net.IO;
using Quant.Net.Recipes;

namespace Quant.Net;

/// <summary>
/// A kind of quantized model, such as Q4_K_M: the format of most tensors, and rules that give others more or fewer bits. These are the
/// file types of llama-quantize.
/// </summary>
public sealed class QuantizationRecipe
{
    private QuantizationRecipe(FileType kind, QuantFormat format, string description, params string[] aliases)
        : this(kind.ToString(), (int)kind, format, description, aliases)
    {
        Kind = kind;
    }

    private QuantizationRecipe(string name, int? fileType, QuantFormat? format, string description, string[] aliases)
    {
        (Name, FileType, Format, Description, Aliases) = (name, fileType, format, description, aliases);
    }

    /// <summary>All of them, from the smallest files to the largest; COPY is last.</summary>
    public static IReadOnlyList<QuantizationRecipe> All { get; } = Array.AsReadOnly<QuantizationRecipe>(
    [
        new(Recipes.FileType.Q1_0, QuantFormat.Q1_0, "one bit and a scale for each weight"),
        new(Recipes.FileType.IQ1_S, QuantFormat.IQ1_S, "code book of 1.56 bits; needs an importance matrix"),
        new(Recipes.FileType.TQ1_0, QuantFormat.TQ1_0, "ternary, 1.69 bits; for models trained so"),
        new(Recipes.FileType.IQ1_M, QuantFormat.IQ1_M, "code book of 1.75 bits; needs an importance matrix"),
        new(Recipes.FileType.TQ2_0, QuantFormat.TQ2_0, "ternary, 2.06 bits and faster; for models trained so"),
        new(Recipes.FileType.IQ2_XXS, QuantFormat.IQ2_XXS, "code book of 2.06 bits; needs an importance matrix"),
        new(Recipes.FileType.Q2_0, QuantFormat.Q2_0, "two bits and a scale for each weight"),
        new(Recipes.FileType.IQ2_XS, QuantFormat.IQ2_XS, "code book of 2.31 bits; needs an importance matrix"),
        new(Recipes.FileType.IQ2_S, QuantFormat.IQ2_XS, "IQ2_XS with more bits for some; needs an importance matrix"),
        new(Recipes.FileType.IQ2_M, QuantFormat.IQ2_S, "code book of 2.56 bits, more for some; needs an importance matrix"),
        new(Recipes.FileType.Q2_K_S, QuantFormat.Q2_K, "mostly Q2_K; needs an importance matrix"),
        new(Recipes.FileType.Q2_K, QuantFormat.Q2_K, "Q2_K, with Q3_K and more for some"),
        new(Recipes.FileType.IQ3_XXS, QuantFormat.IQ3_XXS, "code book of 3.06 bits; needs an importance matrix"),
        new(Recipes.FileType.IQ3_XS, QuantFormat.IQ3_S, "IQ3_XXS and IQ3_S; needs an importance matrix"),
        new(Recipes.FileType.IQ3_S, QuantFormat.IQ3_S, "code book of 3.44 bits"),
        new(Recipes.FileType.Q3_K_S, QuantFormat.Q3_K, "mostly Q3_K"),
        new(Recipes.FileType.IQ3_M, QuantFormat.IQ3_S, "IQ3_S, with Q4_K for some"),
        new(Recipes.FileType.Q3_K_M, QuantFormat.Q3_K, "Q3_K, with Q4_K and Q5_K for some", "Q3_K"),
        new(Recipes.FileType.Q3_K_L, QuantFormat.Q3_K, "Q3_K, with Q5_K for some"),
        new(Recipes.FileType.IQ4_XS, QuantFormat.IQ4_XS, "uneven steps, 4.25 bits"),
        new(Recipes.FileType.MXFP4_MOE, QuantFormat.MXFP4, "MXFP4 for experts, Q8_0 for the rest"),
        new(Recipes.FileType.IQ4_NL, QuantFormat.IQ4_NL, "uneven steps, 4.5 bits, short blocks"),
        new(Recipes.FileType.Q4_0, QuantFormat.Q4_0, "four bits and a scale"),
        new(Recipes.FileType.Q4_K_S, QuantFormat.Q4_K, "Q4_K, with Q5_K for a few"),
        new(Recipes.FileType.Q4_K_M, QuantFormat.Q4_K, "Q4_K, with Q6_K for some: the usual choice", "Q4_K"),
        new(Recipes.FileType.Q4_1, QuantFormat.Q4_1, "four bits, a scale and an offset"),
        new(Recipes.FileType.Q5_0, QuantFormat.Q5_0, "five bits and a scale"),
        new(Recipes.FileType.Q5_K_S, QuantFormat.Q5_K, "mostly Q5_K"),
        new(Recipes.FileType.Q5_K_M, QuantFormat.Q5_K, "Q5_K, with Q6_K for some", "Q5_K"),
        new(Recipes.FileType.Q5_1, QuantFormat.Q5_1, "five bits, a scale and an offset"),
        new(Recipes.FileType.Q6_K, QuantFormat.Q6_K, "six bits"),
        new(Recipes.FileType.Q8_0, QuantFormat.Q8_0, "eight bits; hardly told from the original"),
        new(Recipes.FileType.F16, QuantFormat.F16, "half precision"),
        new(Recipes.FileType.BF16, QuantFormat.BF16, "half precision with the range of float32"),
        new(Recipes.FileType.F32, QuantFormat.F32, "single precision"),
        new("COPY", null, null, "tensors stay as they are", []),
    ]);

    /// <summary>Its name, such as "Q4_K_M".</summary>
    public string Name { get; }

    /// <summary>Other names: "Q4_K" means Q4_K_M.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>Its number in <c>general.file_type</c>; null for COPY, which keeps the model's.</summary>
    public int? FileType { get; }

    /// <summary>
    /// The format of tensors that no rule gives another: IQ2_S files have mostly <see cref="QuantFormat.IQ2_XS"/>. Null for COPY.
    /// </summary>
    public QuantFormat? Format { get; }

    /// <summary>What it is, in a few words.</summary>
    public string Description { get; }

    /// <summary>Which rules it has; COPY has none.</summary>
    internal FileType? Kind { get; }

    /// <summary>Finds a recipe.</summary>
    /// <param name="name">Its name, another name of it, or its number; upper and lower case are the same.</param>
    /// <returns>The recipe.</returns>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static QuantizationRecipe Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return TryParse(name, out QuantizationRecipe? recipe)
            ? recipe
            : throw new ArgumentException(
                $"File type {ErrorText.Quote(name)} is unknown, expected one of {string.Join(", ", All.Select(known => known.Name))}.", nameof(name));
    }

    /// <summary>Finds a recipe, if there is one.</summary>
    /// <param name="text">Its name, another name of it, or its number; upper and lower case are the same.</param>
    /// <param name="recipe">The recipe, or null.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out QuantizationRecipe? recipe)
    {
        recipe = All.FirstOrDefault(known => known.Aliases.Append(known.Name).Contains(text, StringComparer.OrdinalIgnoreCase));
        if (recipe is null && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            recipe = All.FirstOrDefault(known => known.FileType == number);
        }

        return recipe is not null;
    }

    /// <summary>The recipe's name.</summary>
    /// <returns><see cref="Name"/>.</returns>
    public override string ToString() => Name;
}
