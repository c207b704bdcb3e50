namespace Quant.Net.Tool.Output;

/// <summary>What a text means, for those terminals that can show it in colour.</summary>
internal enum Tone
{
    Normal,
    Strong,
    Dim,
    Good,
    Warning,
    Bad,
}

/// <summary>A piece of text with its meaning. The text may come from a file: whoever shows it makes it safe.</summary>
internal readonly record struct Cell(string Text, Tone Tone = Tone.Normal)
{
    public static implicit operator Cell(string text) => new(text);
}
