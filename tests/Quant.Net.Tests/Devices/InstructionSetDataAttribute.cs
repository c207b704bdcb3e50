using System.Reflection;
using Xunit.Sdk;

namespace Quant.Net.Tests.Devices;

/// <summary>
/// Runs a theory on an instruction set, once for each format. Where this machine lacks the set, the cases are reported as skipped, with
/// the reason.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class InstructionSetDataAttribute : DataAttribute
{
    private readonly InstructionSet _set;

    /// <summary>Asks whether this machine has a set.</summary>
    /// <param name="set">The set.</param>
    public InstructionSetDataAttribute(InstructionSet set)
    {
        _set = set;
        InstructionSetInfo info = QuantDevice.InstructionSets.Single(info => info.InstructionSet == set);
        Skip = info.Available ? null : $"{info.Name}: {info.Reason}";
    }

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) =>
        QuantFormats.All.Select(info => new object[] { _set, info.Format });
}
