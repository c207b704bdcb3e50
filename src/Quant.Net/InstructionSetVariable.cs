namespace Quant.Net;

/// <summary>The environment variable that chooses an instruction set where the options do not.</summary>
/// <remarks>
/// The native library reads it too, but sees only what was set before the process began, not what
/// <see cref="Environment.SetEnvironmentVariable(string, string?)"/> sets.
/// </remarks>
internal static class InstructionSetVariable
{
    public const string Name = "QUANTNET_ISA";

    public static InstructionSet Read(IReadOnlyList<InstructionSetInfo> known)
    {
        string? value = Environment.GetEnvironmentVariable(Name);
        if (string.IsNullOrEmpty(value))
        {
            return InstructionSet.Auto;
        }

        return known.FirstOrDefault(set => set.Name == value)?.InstructionSet ?? throw new QuantNetException(
            $"{Name} is '{value}', expected one of {string.Join(", ", known.Select(set => set.Name))}");
    }
}
