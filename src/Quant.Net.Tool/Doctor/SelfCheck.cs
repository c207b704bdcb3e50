using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>Decodes the known answers and compares.</summary>
internal static class SelfCheck
{
    /// <summary>Checks every answer in every output type, and matrices in both orders, on one device.</summary>
    public static DeviceCheck Run(
        QuantDevice device, IEnumerable<KnownAnswer> formats, IEnumerable<MatrixAnswer> matrices, CancellationToken cancellation)
    {
        var faults = new List<Fault>();
        int comparisons = 0;
        foreach (Comparison comparison in formats.SelectMany(Comparison.Of).Concat(matrices.SelectMany(Comparison.Of)))
        {
            cancellation.ThrowIfCancellationRequested();
            comparisons++;
            if (comparison.FindProblem(device) is { } problem)
            {
                faults.Add(new Fault(comparison.Subject, comparison.Output, comparison.Order, problem));
            }
        }

        return new DeviceCheck(device.Name, DeviceFacts.NameOf(device.InstructionSet), comparisons, comparisons - faults.Count, faults);
    }
}
