namespace Quant.Net.Tool.CommandLine;

/// <summary>Finds the word that a mistyped one was meant to be.</summary>
internal static class Suggestion
{
    /// <summary>The nearest of the candidates, or null if none is near.</summary>
    public static string? For(string typed, IEnumerable<string> candidates)
    {
        // A third of the letters may be wrong: enough for real slips, too few for unrelated words.
        int limit = Math.Max(1, typed.Length / 3);
        return candidates
            .Select(candidate => (candidate, distance: Distance(typed, candidate)))
            .Where(found => found.distance <= limit)
            .OrderBy(found => found.distance)
            .ThenBy(found => found.candidate, StringComparer.Ordinal)
            .Select(found => found.candidate)
            .FirstOrDefault();
    }

    /// <summary>
    /// How many letters must be changed, added, dropped, or swapped with their neighbour to turn one word into the other
    /// (optimal string alignment).
    /// </summary>
    public static int Distance(string from, string to)
    {
        int[,] cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            cost[i, 0] = i;
        }

        for (int j = 0; j <= to.Length; j++)
        {
            cost[0, j] = j;
        }

        for (int i = 1; i <= from.Length; i++)
        {
            for (int j = 1; j <= to.Length; j++)
            {
                int change = from[i - 1] == to[j - 1] ? 0 : 1;
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[from.Length, to.Length];
    }
}
