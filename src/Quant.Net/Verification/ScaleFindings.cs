namespace Quant.Net.Verification;

/// <summary>Odd scales of all modules of a model.</summary>
internal sealed class ScaleFindings
{
    public OddTensors Zero { get; } = new();

    public OddTensors Subnormal { get; } = new();

    public OddTensors Negative { get; } = new();

    public OddTensors Infinite { get; } = new();

    public IEnumerable<string> Faults => Lines((Infinite, "255, which is no number"));

    public IEnumerable<string> Warnings => Lines((Zero, "0"), (Subnormal, "subnormal"), (Negative, "negative"));

    private static IEnumerable<string> Lines(params (OddTensors Found, string What)[] kinds) =>
        from kind in kinds
        where !kind.Found.IsEmpty
        select $"{kind.Found.Where}: {kind.Found.HowMany} scales are {kind.What} (first: {kind.Found.Place})";
}
