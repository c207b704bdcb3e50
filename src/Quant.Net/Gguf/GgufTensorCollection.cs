using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>The tensors of a model, in the order of its files, and by name.</summary>
public sealed class GgufTensorCollection : IReadOnlyList<GgufTensor>
{
    private const string WeightSuffix = ".weight";
    private const string ScaleSuffix = ".scale";

    private readonly List<GgufTensor> _tensors = [];
    private readonly Dictionary<string, GgufTensor> _byName = new(StringComparer.Ordinal);

    internal GgufTensorCollection()
    {
    }

    /// <summary>The number of tensors.</summary>
    public int Count => _tensors.Count;

    /// <summary>The tensor at a place.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such tensor.</exception>
    public GgufTensor this[int index] => _tensors[index];

    /// <summary>The tensor of a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">The model has no such tensor.</exception>
    public GgufTensor this[string name] => TryGet(name, out GgufTensor? tensor)
        ? tensor
        : throw new KeyNotFoundException($"The model has no tensor {ErrorText.Quote(name)}.");

    /// <summary>Whether the model has a tensor of a name.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>The tensor of a name, if the model has it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensor">The tensor.</param>
    public bool TryGet(string name, [NotNullWhen(true)] out GgufTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>
    /// The scale that stands beside a tensor of weights, as in NVFP4 and BitNet files: <c>X.scale</c> beside <c>X.weight</c>, with one
    /// number for the whole tensor or one for each of its matrices.
    /// </summary>
    /// <param name="weight">A tensor.</param>
    /// <returns>Its scale; null if it has none.</returns>
    public GgufTensor? FindScale(GgufTensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.Name.EndsWith(WeightSuffix, StringComparison.Ordinal)
            && TryGet(weight.Name[..^WeightSuffix.Length] + ScaleSuffix, out GgufTensor? scale)
                ? scale
                : null;
    }

    /// <summary>The tensors, in order.</summary>
    public IEnumerator<GgufTensor> GetEnumerator() => _tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Adds a tensor; false if there is one of its name.</summary>
    internal bool TryAdd(GgufTensor tensor)
    {
        if (!_byName.TryAdd(tensor.Name, tensor))
        {
            return false;
        }

        _tensors.Add(tensor);
        return true;
    }
}
