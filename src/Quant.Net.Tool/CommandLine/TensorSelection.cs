using Quant.Net.Gguf;

namespace Quant.Net.Tool.CommandLine;

/// <summary>Chooses tensors by the patterns of <c>--tensor</c>.</summary>
internal static class TensorSelection
{
    /// <summary>The tensors that match any of the patterns, in the model's order; all of them if there is no pattern.</summary>
    /// <exception cref="ToolException">A pattern matches no tensor.</exception>
    public static IReadOnlyList<GgufTensor> Select(GgufFile model, IReadOnlyList<string> patterns)
    {
        if (patterns.Count == 0)
        {
            return model.Tensors;
        }

        var matched = new HashSet<GgufTensor>();
        foreach (string pattern in patterns)
        {
            var found = model.Tensors.Where(tensor => Glob.Matches(pattern, tensor.Name)).ToList();
            if (found.Count == 0)
            {
                throw new ToolException($"{model.Parts[0].Path}: no tensor matches '{pattern}'");
            }

            matched.UnionWith(found);
        }

        return [.. model.Tensors.Where(matched.Contains)];
    }
}
