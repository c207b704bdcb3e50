namespace Quant.Net.Verification;

/// <summary>Looks at the data of one tensor while they are read.</summary>
internal interface ITensorWatch
{
    /// <summary>Takes the next piece: whole elements.</summary>
    void Add(ReadOnlySpan<byte> piece);

    /// <summary>All data were seen.</summary>
    void Finish();
}
