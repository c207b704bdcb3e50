using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>The tensors of a model, in the order of its files, and by name.</summary>
public sealed class GgufTensorCollection : IReadOnlyList<GgufTensor>
{
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
