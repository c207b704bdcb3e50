using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>Compares what a device makes with the known answers.</summary>
internal static class SelfCheck
{
    /// <summary>Makes those of the comparisons that a device can be asked for.</summary>
    public static DeviceCheck Run(QuantDevice device, IEnumerable<AnswerComparison> comparisons, CancellationToken cancellation)
    {
        var faults = new List<Fault>();
        int count = 0;
        foreach (AnswerComparison comparison in comparisons.Where(comparison => comparison.IsFor(device)))
        {
            cancellation.ThrowIfCancellationRequested();
            count++;
            if (comparison.FindProblem(device) is { } problem)
            {
                faults.Add(comparison.FaultOf(problem));
            }
        }

        return new DeviceCheck(device.Name, DeviceFacts.NameOf(device.InstructionSet), count, count - faults.Count, faults);
    }
}
