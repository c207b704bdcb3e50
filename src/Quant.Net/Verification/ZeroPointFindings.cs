using Quant.Net.IO;

namespace Quant.Net.Verification;

/// <summary>What is odd about the zero points of modules that are packed alike.</summary>
/// <param name="layout">Their layout.</param>
/// <param name="bits">Bits of a code.</param>
/// <param name="isZeroPlusOne">GPTQ: whether one less than the zero point is stored, as the settings say.</param>
/// <param name="source">What says so.</param>
internal sealed class ZeroPointFindings(PackedMatrixLayout layout, int bits, bool isZeroPlusOne, string source)
{
    private readonly OddTensors _others = new(), _ones = new(), _poisoned = new(), _asymmetric = new();

    private int Symmetric => 1 << (bits - 1);

    /// <summary>What symmetric checkpoints of the other format have in every field. AWQ has no other format, but tools that make it of
    /// GPTQ.</summary>
    private int OthersSymmetric => isZeroPlusOne ? Symmetric : Symmetric - 1;

    public void Add(ZeroPointWatch watch)
    {
        bool isOthers = watch.OnlyValue == OthersSymmetric;
        if (isOthers)
        {
            _others.Add(watch.Tensor, watch.Total, watch.Total, () => "");
        }
        else
        {
            _asymmetric.Add(watch.Tensor, watch.Asymmetric.Count, watch.Total, () => watch.PlaceOf(watch.Asymmetric.First));
        }

        if (isZeroPlusOne)
        {
            _ones.Add(watch.Tensor, watch.Ones.Count, watch.Total, () => watch.PlaceOf(watch.Ones.First));
        }

        if (isZeroPlusOne || layout != PackedMatrixLayout.Gptq)
        {
            _poisoned.Add(watch.Tensor, watch.Poisoned.Count, watch.Words, () => watch.PlaceOf(watch.Poisoned.First));
        }
    }

    public IEnumerable<string> Faults
    {
        get
        {
            if (!_others.IsEmpty && layout == PackedMatrixLayout.Gptq)
            {
                (string mine, string other) = isZeroPlusOne ? ("gptq", "gptq_v2") : ("gptq_v2", "gptq");
                int read = OthersSymmetric + (isZeroPlusOne ? 1 : 0);
                yield return ErrorText.Invariant(
                    $"{_others.Where}: {_others.HowMany} zero points of {bits} bits are stored as {OthersSymmetric}: as '{other}' they are {Symmetric}, those of symmetric weights; as '{mine}', which {source}, they are {read}");
            }
        }
    }

    public IEnumerable<string> Warnings
    {
        get
        {
            if (!_others.IsEmpty && layout != PackedMatrixLayout.Gptq)
            {
                yield return ErrorText.Invariant(
                    $"{_others.Where}: {_others.HowMany} zero points are {OthersSymmetric}, expected {Symmetric} of symmetric weights: GPTQ stores one less, AWQ does not");
            }

            if (!_ones.IsEmpty)
            {
                yield return ErrorText.Invariant(
                    $"{_ones.Where}: {_ones.HowMany} zero points are stored as all ones (first: {_ones.Place}), which some readers take for {1 << bits} and others for 0 (--zero-wrap)");
            }

            if (!_poisoned.IsEmpty)
            {
                yield return $"{_poisoned.Where}: {_poisoned.HowMany} words of zero points end in fields of all ones (first: {_poisoned.Place}), as a zero point that was written as -1 leaves them: others may be lost";
            }

            if (!_asymmetric.IsEmpty)
            {
                yield return ErrorText.Invariant(
                    $"{_asymmetric.Where}: {_asymmetric.HowMany} zero points of {bits} bits are not {Symmetric} (first: {_asymmetric.Place}), and the settings say symmetric");
            }
        }
    }
}
