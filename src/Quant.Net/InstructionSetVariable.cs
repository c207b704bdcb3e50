namespace Quant.Net;

/// <summary>The environment variable that chooses an instruction set where the options do not.</summary>
/// <remarks>
/// The native library reads it too, but sees only what was set before the process began, not what
/// <see cref="Environment.SetEnvironmentVariable(string, string?)"/> sets.
/// </remarks>
internal static class InstructionSetVariable
{
    public const string Name = "QUANTNET_ISA";

    private const int LongestQuote = 64;

    public static InstructionSet Read(IReadOnlyList<InstructionSetInfo> known)
    {
        string? value = Environment.GetEnvironmentVariable(Name);
        if (string.IsNullOrEmpty(value))
        {
            return InstructionSet.Auto;
        }

        if (known.FirstOrDefault(set => string.Equals(set.Name, value, StringComparison.OrdinalIgnoreCase)) is { } set)
        {
            return set.InstructionSet;
        }

        // The words of the native library, which would say the same.
        string printable = string.Concat(value.Take(LongestQuote).Select(c => char.IsControl(c) ? '?' : c));
        string available = string.Join(", ", known.Where(set => set.Available).Select(set => set.Name));
        throw new QuantNetException($"{Name} is '{printable}', which is no instruction set (available: {available})");
    }
}
