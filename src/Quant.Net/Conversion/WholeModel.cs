using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Conversion;

/// <summary>Refuses models that were opened though some of their files are missing.</summary>
internal static class WholeModel
{
    /// <exception cref="ArgumentException">Parts of the model are missing; they are named.</exception>
    public static void Require(GgufFile model) => Require(model.ShownPath, "parts", model.MissingParts);

    /// <exception cref="ArgumentException">Files of the model are missing; they are named.</exception>
    public static void Require(SafetensorsModel model) => Require(ErrorText.EscapePath(model.Path), "files", model.MissingFiles);

    private static void Require(string model, string what, IReadOnlyList<string> missing)
    {
        if (missing.Count > 0)
        {
            throw new ArgumentException($"{model}: {what} of the model are missing: {ErrorText.QuoteAll(missing)}.", nameof(model));
        }
    }
}
