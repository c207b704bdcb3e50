using Quant.Net.IO;

namespace Quant.Net.Recipes;

/// <summary>
/// Tells where tensors stand, as the reference does: it counts the tensors of each category as it comes by them, and reads the layer
/// from the name only where experts make counting useless. Architectures that it does not know are read by name throughout.
/// </summary>
internal sealed class LayerCounter
{
    private readonly QuantizationModel _model;
    private readonly bool _isKnown;
    private readonly long _layers;
    private readonly int _values;
    private readonly Dictionary<TensorCategory, int> _seen = [];

    public LayerCounter(QuantizationModel model, bool isKnown)
    {
        (_model, _isKnown) = (model, isKnown);
        _layers = isKnown
            ? KnownArchitectures.CountLayers(model.Architecture!, model.LayerCount ?? 0)
            : model.LayerCount ?? model.Tensors.Max(tensor => LayerNames.Guess(tensor.Name) + 1L) ?? 0;
        _values = model.Tensors.Count(tensor => TensorCategories.Of(tensor.Name) == TensorCategory.Value);
    }

    /// <summary>The layers that the model has.</summary>
    public long Layers => _layers;

    /// <summary>The place of the next matrix of values, counted among all of them.</summary>
    public LayerPlace NextValue(string name) => _isKnown
        ? new LayerPlace(Count(TensorCategory.Value), _values)
        : Guess(TensorCategory.Value, name);

    /// <summary>The place of the next matrix of a kind, counted.</summary>
    public LayerPlace NextCounted(TensorCategory category, string name) => _isKnown
        ? new LayerPlace(Count(category), _layers)
        : Guess(category, name);

    /// <summary>The place of the next matrix of a kind; of models with experts by its name.</summary>
    /// <exception cref="NotSupportedException">The name tells no layer of the model; the reference refuses that too.</exception>
    public LayerPlace Next(TensorCategory category, string name)
    {
        LayerPlace counted = NextCounted(category, name);
        if (!_isKnown || _model.ExpertCount <= 1)
        {
            return counted;
        }

        return LayerNames.Of(name) is { } layer && layer < _layers
            ? new LayerPlace(layer, _layers)
            : throw new NotSupportedException(ErrorText.Invariant(
                $"{_model.ShownName}: tensor {ErrorText.Quote(name)} names no layer, expected blk.0 to blk.{_layers - 1}, since there are experts"));
    }

    private LayerPlace Guess(TensorCategory category, string name)
    {
        int counted = Count(category);
        return new LayerPlace(LayerNames.Guess(name) ?? counted, _layers);
    }

    private int Count(TensorCategory category)
    {
        int seen = _seen.GetValueOrDefault(category);
        _seen[category] = seen + 1;
        return seen;
    }
}
