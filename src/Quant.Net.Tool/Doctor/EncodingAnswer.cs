namespace Quant.Net.Tool.Doctor;

/// <summary>Rows of numbers, and what they must be encoded to.</summary>
/// <param name="Format">The format's number; it may be one that the library does not know.</param>
/// <param name="IsWeighted">Whether the importance of the columns is given to the encoder.</param>
/// <param name="Input">What is encoded; the same for all answers.</param>
/// <param name="Packed">The rows, packed.</param>
internal sealed record EncodingAnswer(QuantFormat Format, bool IsWeighted, EncodingInput Input, byte[] Packed);

/// <summary>Rows of numbers to be encoded.</summary>
/// <param name="Numbers">The rows behind each other.</param>
/// <param name="Importance">How much each column matters.</param>
internal sealed record EncodingInput(float[] Numbers, float[] Importance)
{
    public int Columns => Importance.Length;
}
