namespace Quant.Net.Conversion;

/// <summary>How much of the output at most is made anew when work is resumed: so many bytes, or what took so long, whichever is less.</summary>
internal readonly record struct CheckpointSpacing(long Bytes, TimeSpan Time)
{
    /// <summary>So rare that the disk, for which each waits, is not slowed down; and so frequent that no slow encoder works for minutes in vain.</summary>
    public static CheckpointSpacing Usual => new(16 << 20, TimeSpan.FromSeconds(2));
}
