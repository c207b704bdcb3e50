namespace Quant.Net.Slicing;

/// <summary>Neighbouring rows or columns of a matrix.</summary>
internal readonly record struct MatrixPiece(MatrixArrays Source, long First, long Count);
