namespace Quant.Net.Budgets;

/// <summary>What a tensor could become.</summary>
/// <param name="Format">Its format.</param>
/// <param name="Bytes">The bytes that it would take.</param>
/// <param name="RelativeSquares">The squares of its errors, divided by those of its values.</param>
internal readonly record struct Candidate(QuantFormat Format, long Bytes, double RelativeSquares);
