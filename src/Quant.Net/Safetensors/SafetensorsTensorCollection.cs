using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>The tensors of a file or a model, in the order of their data, and by name.</summary>
public sealed class SafetensorsTensorCollection : IReadOnlyList<SafetensorsTensor>
{
    private readonly List<SafetensorsTensor> _tensors = [];
    private readonly Dictionary<string, SafetensorsTensor> _byName = new(StringComparer.Ordinal);

    internal SafetensorsTensorCollection()
    {
    }

    /// <summary>The number of tensors.</summary>
    public int Count => _tensors.Count;

    /// <summary>The tensor at a place.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such tensor.</exception>
    public SafetensorsTensor this[int index] => _tensors[index];

    /// <summary>The tensor of a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    public SafetensorsTensor this[string name] => TryGet(name, out SafetensorsTensor? tensor)
        ? tensor
        : throw new KeyNotFoundException($"The model has no tensor {ErrorText.Quote(name)}.");

    /// <summary>Whether there is a tensor of a name.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>The tensor of a name, if there is one.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensor">The tensor.</param>
    public bool TryGet(string name, [NotNullWhen(true)] out SafetensorsTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public IEnumerator<SafetensorsTensor> GetEnumerator() => _tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Adds a tensor; false if there is one of its name.</summary>
    internal bool TryAdd(SafetensorsTensor tensor)
    {
        if (!_byName.TryAdd(tensor.Name, tensor))
        {
            return false;
        }

        _tensors.Add(tensor);
        return true;
    }
}
