namespace Quant.Net.Recipes;

/// <summary>
/// The rules that give single tensors other formats than the recipe's, as llama-quantize has them
/// (<see href="https://github.com/ggml-org/llama.cpp/blob/master/src/llama-quant.cpp">llama-quant.cpp</see>). Some count tensors: ask for
/// each once, in the reference's order.
/// </summary>
internal sealed class TypeMix
{
    private readonly FileType _kind;
    private readonly QuantFormat _format;
    private readonly QuantizationModel _model;
    private readonly QuantizationOptions _options;
    private readonly LayerCounter _layers;
    private readonly bool _isFalcon;
    private readonly bool _hasSmallValues;

    public TypeMix(QuantizationRecipe recipe, QuantizationModel model, QuantizationOptions options, bool isKnown, bool isTied)
    {
        (_kind, _format, _model, _options, IsTied) = (recipe.Kind!.Value, recipe.Format!.Value, model, options, isTied);
        _layers = new LayerCounter(model, isKnown);
        _isFalcon = KnownArchitectures.IsFalcon(model.Architecture);
        _hasSmallValues = KnownArchitectures.HasSmallValues(model.Architecture, _layers.Layers, model);
    }

    /// <summary>Whether the token embeddings stand in for the output matrix.</summary>
    public bool IsTied { get; }

    private bool HasImportance => _options.HasImportanceMatrix;

    private bool HasEightExperts => _model.ExpertCount == 8;

    private bool SharesKeysAndValues => _model.HeadsPerKeyValueHead >= 4;

    private bool IsVeryLow => _kind is FileType.IQ1_S or FileType.IQ1_M or FileType.IQ2_XXS or FileType.IQ2_XS || IsUpperTwoBits;

    private bool IsUpperTwoBits => _kind is FileType.IQ2_S or FileType.IQ2_M;

    /// <summary>The format of a tensor, whatever its shape.</summary>
    public QuantFormat Of(TensorDescription tensor, TensorCategory category)
    {
        if (category == TensorCategory.Output || (category == TensorCategory.TokenEmbedding && IsTied))
        {
            return _options.OutputTensorType ?? Output(tensor);
        }

        if (_kind == FileType.MXFP4_MOE)
        {
            return IsExpert(tensor, category) ? QuantFormat.MXFP4 : QuantFormat.Q8_0;
        }

        return category == TensorCategory.TokenEmbedding ? TokenEmbedding()
            : IsVeryLow ? VeryLow(tensor, category)
            : category switch
            {
                TensorCategory.Value => Value(_layers.NextValue(tensor.Name)),
                TensorCategory.Key when HasEightExperts => QuantFormat.Q8_0,   // small beside the experts
                TensorCategory.Key or TensorCategory.Query => KeyOrQuery(),
                TensorCategory.FeedForwardDown => Down(_layers.Next(category, tensor.Name)),
                TensorCategory.FeedForwardUp or TensorCategory.FeedForwardGate => UpOrGate(_layers.Next(category, tensor.Name)),
                TensorCategory.AttentionOutput => AttentionOutput(),
                _ => _format,
            };
    }

    private bool IsExpert(TensorDescription tensor, TensorCategory category) => tensor.MatrixCount > 1
        && (!KnownArchitectures.HasOtherStackedTensors(_model.Architecture)
            || category is TensorCategory.FeedForwardUp or TensorCategory.FeedForwardGate or TensorCategory.FeedForwardDown);

    private QuantFormat Output(TensorDescription tensor) =>
        _kind is FileType.MXFP4_MOE or FileType.Q8_0 || _isFalcon || !ShapeFallback.Fits(_format, tensor.RowLength) ? QuantFormat.Q8_0
        : IsVeryLow || _kind == FileType.IQ3_XXS ? QuantFormat.Q5_K
        : QuantFormat.Q6_K;

    private QuantFormat TokenEmbedding() => _kind switch
    {
        FileType.IQ1_S or FileType.IQ1_M or FileType.IQ2_XXS or FileType.IQ2_XS => QuantFormat.Q2_K,
        FileType.IQ2_S or FileType.IQ2_M or FileType.IQ3_XXS => QuantFormat.IQ3_S,
        FileType.TQ1_0 or FileType.TQ2_0 or FileType.Q2_0 => QuantFormat.Q4_K,
        _ => _format,
    };

    private QuantFormat VeryLow(TensorDescription tensor, TensorCategory category)
    {
        QuantFormat raised = IsUpperTwoBits ? QuantFormat.IQ3_S : QuantFormat.Q2_K;
        return category switch
        {
            TensorCategory.Value => SharesKeysAndValues || _model.ExpertCount >= 4 ? QuantFormat.Q4_K : raised,
            TensorCategory.Key when HasEightExperts => QuantFormat.Q4_K,
            TensorCategory.FeedForwardDown when _layers.NextCounted(category, tensor.Name).IsInFirstEighth => raised,
            TensorCategory.AttentionOutput when HasEightExperts => QuantFormat.Q5_K,
            TensorCategory.AttentionOutput when _kind is FileType.IQ1_S or FileType.IQ1_M => QuantFormat.IQ2_XXS,
            TensorCategory.AttentionOutput when IsUpperTwoBits => QuantFormat.IQ3_S,
            _ => _format,
        };
    }

    private QuantFormat Value(LayerPlace layer)
    {
        QuantFormat format = _kind switch
        {
            FileType.Q2_K => SharesKeysAndValues ? QuantFormat.Q4_K : QuantFormat.Q3_K,
            FileType.Q2_K_S or FileType.IQ3_XS or FileType.IQ3_S when SharesKeysAndValues => QuantFormat.Q4_K,
            FileType.IQ3_XXS when SharesKeysAndValues => QuantFormat.Q4_K,
            FileType.IQ3_XXS when !HasImportance => QuantFormat.IQ3_S,
            FileType.IQ3_M => QuantFormat.Q4_K,
            FileType.Q3_K_M => layer.Index < 2 ? QuantFormat.Q5_K : QuantFormat.Q4_K,
            FileType.Q3_K_L => QuantFormat.Q5_K,
            FileType.IQ4_NL or FileType.IQ4_XS when SharesKeysAndValues => QuantFormat.Q5_K,
            FileType.Q4_K_M or FileType.Q5_K_M when layer.GetsMoreBits => QuantFormat.Q6_K,
            FileType.Q4_K_S when layer.Index < 4 => QuantFormat.Q5_K,
            _ => _format,
        };
        return HasEightExperts ? QuantFormat.Q8_0
            : _hasSmallValues && format is QuantFormat.Q3_K or QuantFormat.Q4_K ? QuantFormat.Q5_K
            : format;
    }

    private QuantFormat KeyOrQuery() => _kind switch
    {
        FileType.IQ3_XS => QuantFormat.IQ3_XXS,
        FileType.IQ3_XXS => QuantFormat.IQ2_S,
        _ => _format,
    };

    private QuantFormat UpOrGate(LayerPlace layer) => _kind == FileType.IQ3_XS && layer.IsInMiddle ? QuantFormat.IQ3_XXS : _format;

    private QuantFormat Down(LayerPlace layer) => _kind switch
    {
        FileType.Q2_K => QuantFormat.Q3_K,
        FileType.Q2_K_S when layer.IsInFirstEighth => QuantFormat.Q4_K,
        FileType.IQ3_XXS when !HasImportance => layer.IsInFirstEighth ? QuantFormat.Q4_K : QuantFormat.Q3_K,
        FileType.Q3_K_M when layer.IsInFirstSixteenth => QuantFormat.Q5_K,
        FileType.Q3_K_M => !_isFalcon || layer.GetsMoreBits ? QuantFormat.Q4_K : QuantFormat.Q3_K,
        FileType.IQ3_M when layer.IsInFirstEighth || (HasEightExperts && layer.GetsMoreBits) => QuantFormat.Q4_K,
        FileType.Q3_K_L => _isFalcon ? QuantFormat.Q4_K : QuantFormat.Q5_K,
        FileType.Q4_K_M when _isFalcon =>
            layer.IsInFirstSixteenth ? QuantFormat.Q6_K : layer.GetsMoreBits ? QuantFormat.Q5_K : QuantFormat.Q4_K,
        FileType.Q4_K_M or FileType.Q5_K_M when layer.GetsMoreBits => QuantFormat.Q6_K,
        FileType.IQ4_NL or FileType.IQ4_XS when !HasImportance && layer.IsInFirstEighth => QuantFormat.Q5_K,
        FileType.Q4_K_S when !_isFalcon && layer.IsInFirstEighth => QuantFormat.Q5_K,
        FileType.Q4_0 when HasImportance && layer.IsInFirstEighth => QuantFormat.Q4_1,
        FileType.Q5_0 when HasImportance && layer.IsInFirstEighth => QuantFormat.Q5_1,
        _ => _format,
    };

    private QuantFormat AttentionOutput() => _kind switch
    {
        FileType.Q3_K_L when _isFalcon => QuantFormat.Q4_K,
        _ when _isFalcon => _format,
        FileType.Q2_K or FileType.IQ3_XS or FileType.IQ3_XXS or FileType.Q3_K_S or FileType.Q3_K_M or FileType.IQ4_NL or FileType.Q4_K_S
            or FileType.Q4_K_M or FileType.IQ3_S or FileType.IQ3_M or FileType.IQ4_XS when HasEightExperts => QuantFormat.Q5_K,
        _ when HasEightExperts => _format,
        FileType.Q2_K => QuantFormat.Q3_K,
        FileType.IQ3_XXS => QuantFormat.IQ3_S,
        FileType.Q3_K_M or FileType.IQ3_M => QuantFormat.Q4_K,
        FileType.Q3_K_L => QuantFormat.Q5_K,
        _ => _format,
    };
}
