using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>How many values of a tensor are odd, and where the first one is.</summary>
internal sealed class OddValues
{
    public long Count { get; private set; }

    public long First { get; private set; }

    public void Add(long index) => Add(index, 1);

    /// <summary>Takes note of several, of which the first has this index.</summary>
    public void Add(long index, long count)
    {
        First = Count == 0 ? index : First;
        Count += count;
    }
}

/// <summary>Values that are odd in one way, in all tensors of a model.</summary>
internal sealed class OddTensors
{
    private string _first = "";
    private long _tensors, _count, _total;

    /// <summary>Whether there are any.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Takes note of those of a tensor.</summary>
    public void Add(SafetensorsTensor tensor, OddValues odd) =>
        Add(tensor, odd.Count, tensor.ElementCount, () => PlaceIn(tensor, odd.First));

    /// <summary>The same, with a place that is told in another way.</summary>
    public void Add(SafetensorsTensor tensor, long count, long total, Func<string> place)
    {
        if (count == 0)
        {
            return;
        }

        if (_tensors++ == 0)
        {
            (_first, Place) = ($"{ErrorText.EscapePath(tensor.File.Path)}: tensor {ErrorText.Quote(tensor.Name)}", place());
        }

        (_count, _total) = (_count + count, _total + total);
    }

    /// <summary>The first file and tensor, and how many others there are.</summary>
    public string Where => _first + ModuleFindings.Others(_tensors);

    /// <summary>How many of how many.</summary>
    public string HowMany => ErrorText.Invariant($"{_count} of {_total}");

    /// <summary>Where the first one is in its tensor.</summary>
    public string Place { get; private set; } = "";

    /// <summary>The place of an element, by its index.</summary>
    public static string PlaceIn(SafetensorsTensor tensor, long index)
    {
        var place = new Stack<long>();
        foreach (long length in tensor.Shape.Reverse())
        {
            place.Push(index % length);
            index /= length;
        }

        return $"[{string.Join(", ", place)}]";
    }
}
