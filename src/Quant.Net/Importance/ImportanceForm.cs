namespace Quant.Net;

/// <summary>The forms that files with importance matrices have.</summary>
public enum ImportanceForm
{
    /// <summary>The binary form of llama.cpp until 2025, <c>imatrix.dat</c>: a list of names and sums.</summary>
    Binary,

    /// <summary>GGUF, with two tensors for each of the model's: sums of squares, and how many there were.</summary>
    Gguf,
}
