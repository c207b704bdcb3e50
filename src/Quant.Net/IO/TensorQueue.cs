namespace Quant.Net.IO;

/// <summary>
/// The tensors of a file that is being written: all are declared first, then their bytes come in that order, in pieces of
/// any size, and no byte more or less than was declared.
/// </summary>
internal sealed class TensorQueue
{
    private readonly List<(string Name, long Bytes)> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private int _current;
    private long _written;

    /// <summary>Whether every tensor has all its bytes.</summary>
    public bool IsComplete => _current == _tensors.Count;

    /// <summary>Declares a tensor.</summary>
    /// <exception cref="ArgumentException">There is one of its name already.</exception>
    public void Add(string name, long bytes)
    {
        if (!_names.Add(name))
        {
            throw new ArgumentException($"There is a tensor {ErrorText.Quote(name)} already.", nameof(name));
        }

        _tensors.Add((name, bytes));
    }

    /// <summary>Takes note of bytes of a tensor. True if they were its last.</summary>
    /// <exception cref="InvalidOperationException">It is another tensor's turn, or these are more bytes than were declared.</exception>
    public bool Take(string name, int bytes)
    {
        if (IsComplete || _tensors[_current].Name != name)
        {
            string turn = IsComplete
                ? "all tensors are complete"
                : $"it is the turn of {ErrorText.Quote(_tensors[_current].Name)}";
            throw new InvalidOperationException($"Bytes came for tensor {ErrorText.Quote(name)}, but {turn}.");
        }

        long expected = _tensors[_current].Bytes;
        if (bytes > expected - _written)
        {
            throw new InvalidOperationException(ErrorText.Invariant(
                $"Tensor {ErrorText.Quote(name)} was declared with {expected} bytes; {_written} are written and {bytes} more came."));
        }

        _written += bytes;
        if (_written < expected)
        {
            return false;
        }

        _current++;
        _written = 0;
        return true;
    }

    /// <summary>Throws unless every tensor has all its bytes.</summary>
    /// <exception cref="InvalidOperationException">One has not.</exception>
    public void RequireComplete()
    {
        if (!IsComplete)
        {
            (string name, long bytes) = _tensors[_current];
            throw new InvalidOperationException(ErrorText.Invariant($"Tensor {ErrorText.Quote(name)} has {_written} of {bytes} bytes."));
        }
    }
}
