using Quant.Net.IO;

namespace Quant.Net;

/// <summary>How much each column of a tensor matters.</summary>
public sealed class ImportanceEntry
{
    /// <summary>
    /// Far more than the square of any activation of a model, and so little that sums of weights, weighed by it, stay within float32.
    /// </summary>
    private const float Largest = 1e20f;

    private readonly string _path;
    private readonly float[] _values;

    internal ImportanceEntry(string path, string name, float[] values, int? matrixCount)
    {
        (_path, _values) = (path, values);
        (Name, MatrixCount) = (name, matrixCount);
    }

    /// <summary>The name of the tensor in the model.</summary>
    public string Name { get; }

    /// <summary>
    /// The matrices that have values of their own, such as the experts of a layer; null if the file does not say, as those of the binary
    /// form never do.
    /// </summary>
    public int? MatrixCount { get; }

    /// <summary>
    /// The mean square of each column's input, for each matrix behind those of the one before. Of an expert that no text has reached all
    /// are 1, as in llama.cpp: nothing is known, so its columns are alike.
    /// </summary>
    public ReadOnlyMemory<float> Values => _values;

    /// <summary>The values, if they are those of a tensor of this shape.</summary>
    /// <param name="columns">The length of a row.</param>
    /// <param name="matrices">How many matrices the tensor has: 1, or the number of experts.</param>
    /// <exception cref="ModelFormatException">There are more or fewer values, or those of a matrix are all zero.</exception>
    public ReadOnlyMemory<float> GetValues(long columns, long matrices)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(matrices, 1);
        if ((Int128)columns * matrices != _values.Length)
        {
            throw Fault($"has {_values.Length} values, expected {(Int128)columns * matrices}: {columns} columns, matrices: {matrices}");
        }

        if (MatrixCount is { } own && own != 1 && own != matrices)
        {
            throw Fault($"is of {own} matrices, expected {matrices}");
        }

        RequireWeight((int)columns);
        return Values;
    }

    /// <summary>Throws unless all values are such that they can weigh something.</summary>
    internal void RequireSound()
    {
        for (int i = 0; i < _values.Length; i++)
        {
            if (!float.IsFinite(_values[i]) || _values[i] < 0)
            {
                throw Fault($"value {i} is {_values[i]}, expected a number from 0");
            }

            if (_values[i] > Largest)
            {
                throw Fault($"value {i} is {_values[i]}, expected at most {Largest}");
            }
        }

        RequireWeight(_values.Length / (MatrixCount ?? 1));
    }

    private void RequireWeight(int columns)
    {
        for (int first = 0; first < _values.Length; first += columns)
        {
            if (!_values.AsSpan(first, columns).ContainsAnyExcept(0f))
            {
                throw Fault($"values {first} to {first + columns - 1} are all zero, expected at least one that is not");
            }
        }
    }

    private ModelFormatException Fault(FormattableString what) =>
        ModelFormatException.In(_path, $"entry {new Quoted(Name)} {ErrorText.Invariant(what)}");
}
