namespace Quant.Net.Verification;

/// <summary>
/// Finds out whether parts that say nothing of themselves were given in another order than they were cut in, by some rows of each: so that
/// this is told, and not thousands of differences.
/// </summary>
internal static class PartOrder
{
    private const int ProbeRows = 4, MostBytes = 64 << 20;

    /// <summary>The order in which these rows are those of the whole; null if that is the given one, or if there is none.</summary>
    public static IReadOnlyList<IWeightRows>? Find(IWeightRows whole, IReadOnlyList<IWeightRows> parts, MatrixAxis axis)
    {
        if (parts.Count < 2 || whole.Columns > MostBytes / ProbeRows / whole.ValueBytes)
        {
            return null;
        }

        var probes = parts.Select(part => (Part: part, Rows: Read(part, 0))).ToList();
        byte[] first = Read(whole, 0);
        List<IWeightRows> order = [];
        for (long place = 0; probes.Count > 0; place += order[^1].Length(axis))
        {
            byte[] expected = axis == MatrixAxis.Output && place > 0 ? Read(whole, place) : first;
            int next = probes.FindIndex(probe => axis == MatrixAxis.Output
                ? expected.AsSpan().StartsWith(probe.Rows)
                : HasColumns(expected, whole, probe.Rows, probe.Part, place));
            if (next < 0)
            {
                return null;
            }

            order.Add(probes[next].Part);
            probes.RemoveAt(next);
        }

        return order.SequenceEqual(parts) ? null : order;
    }

    // Of several matrices the first: they are cut alike.
    private static byte[] Read(IWeightRows rows, long first)
    {
        int count = (int)Math.Min(ProbeRows, rows.MatrixRows - first);
        byte[] values = new byte[count * rows.Columns * rows.ValueBytes];
        rows.Read(first, count, values);
        return values;
    }

    private static bool HasColumns(byte[] expected, IWeightRows whole, byte[] found, IWeightRows part, long place)
    {
        int wholeBytes = (int)whole.Columns * whole.ValueBytes, bytes = (int)part.Columns * part.ValueBytes, at = (int)place * whole.ValueBytes;
        for (int row = 0; row * bytes < found.Length; row++)
        {
            if (!expected.AsSpan((row * wholeBytes) + at, bytes).SequenceEqual(found.AsSpan(row * bytes, bytes)))
            {
                return false;
            }
        }

        return true;
    }
}
