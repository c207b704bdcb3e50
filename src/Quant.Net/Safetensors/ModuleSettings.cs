namespace Quant.Net.Safetensors;

/// <summary>What the settings say of one module. What is not said is null.</summary>
/// <param name="Source">Where they say it.</param>
/// <param name="Bits">Bits of a packed weight.</param>
/// <param name="GroupSize">Weights that share a scale; -1: all of a column.</param>
/// <param name="IsSymmetric">Whether zero points say nothing.</param>
/// <param name="IsActOrder">Whether <c>g_idx</c> says which group a column is in.</param>
/// <param name="BlockSize">Rows and columns of a block of weights that share a scale.</param>
internal sealed record ModuleSettings(
    string Source, int? Bits, int? GroupSize, bool? IsSymmetric, bool? IsActOrder, (int Rows, int Columns)? BlockSize)
{
    /// <summary>Whether the module is to stay as it is.</summary>
    public bool IsLeftAlone { get; init; }
}
