namespace Quant.Net.Budgets;

/// <summary>What an item takes and costs if it is chosen so.</summary>
internal readonly record struct PricedChoice(long Size, double Cost);

/// <summary>
/// Chooses one of several sizes for each of many items, so that all together keep within a limit at the least cost: a knapsack.
/// </summary>
/// <remarks>
/// First every item takes its smallest choice, and then the steps up that save most for their size, as long as they fit. That is close
/// already, and its price of a byte gives a bound for what any choice of the rest can reach. Then all choices are gone through item by item;
/// of what has been chosen so far only those are kept that no other beats in size and cost, and that may still come below the first answer.
/// The result is the best there is, unless more than <see cref="MostStates"/> have to be kept, of which then the cheapest of about each
/// size go on.
/// </remarks>
internal sealed class BudgetChoice
{
    private const int MostStates = 2048;

    private readonly Step[][] _items;
    private readonly long _limit;
    private readonly int[] _order;
    private readonly CancellationToken _cancellation;

    private BudgetChoice(IReadOnlyList<IReadOnlyList<PricedChoice>> items, long limit, CancellationToken cancellation)
    {
        _items = [.. items.Select(Undominated)];
        _limit = limit;
        _cancellation = cancellation;

        // Large items first: what is left to decide at the end is small, and fills the last gap.
        _order = [.. Enumerable.Range(0, items.Count).OrderByDescending(item => _items[item][^1].Size - _items[item][0].Size)];
    }

    /// <summary>The least that all items take together.</summary>
    public static Int128 SmallestSize(IReadOnlyList<IReadOnlyList<PricedChoice>> items)
    {
        Int128 sum = 0;
        foreach (IReadOnlyList<PricedChoice> item in items)
        {
            sum += item.Min(choice => choice.Size);
        }

        return sum;
    }

    /// <summary>Which choice each item gets, by its place in the item's list; null if not even the smallest fit.</summary>
    /// <param name="items">The choices of each item, one at least; sizes are from 0.</param>
    /// <param name="limit">What all may take together.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static int[]? Choose(IReadOnlyList<IReadOnlyList<PricedChoice>> items, long limit, CancellationToken cancellation = default) =>
        SmallestSize(items) > limit ? null : new BudgetChoice(items, limit, cancellation).Choose();

    private int[] Choose()
    {
        (int[] chosen, double price) = ChooseByPrice();
        double cost = chosen.Select((step, item) => _items[item][step].Cost).Sum();
        if (price > 0 && SearchBelow(cost, price) is { } better)
        {
            chosen = better;
        }

        return [.. chosen.Select((step, item) => _items[item][step].Choice)];
    }

    /// <summary>Takes the steps that save most for their size. The price is that of the first that does not fit; 0: all fit.</summary>
    private (int[] Chosen, double Price) ChooseByPrice()
    {
        int[] chosen = new int[_items.Length];
        long left = _limit - _items.Sum(item => item[0].Size);
        double price = 0;
        foreach ((int item, int from, int to) in Rises().OrderByDescending(rise => Saving(rise)).ThenBy(rise => rise.Item).ThenBy(rise => rise.From))
        {
            long more = _items[item][to].Size - _items[item][chosen[item]].Size;
            if (more <= left)
            {
                left -= more;
                chosen[item] = to;
            }
            else if (price == 0)
            {
                price = Saving((item, from, to));
            }
        }

        return (chosen, price);
    }

    /// <summary>The steps along the lower convex hull of each item's sizes and costs: each saves less for its size than the one before.</summary>
    private IEnumerable<(int Item, int From, int To)> Rises()
    {
        for (int item = 0; item < _items.Length; item++)
        {
            for (int from = 0; from < _items[item].Length - 1;)
            {
                int to = Enumerable.Range(from + 1, _items[item].Length - from - 1).MaxBy(next => Saving((item, from, next)));
                yield return (item, from, to);
                from = to;
            }
        }
    }

    private double Saving((int Item, int From, int To) rise)
    {
        (Step from, Step to) = (_items[rise.Item][rise.From], _items[rise.Item][rise.To]);
        return (from.Cost - to.Cost) / (to.Size - from.Size);
    }

    /// <summary>A choice that costs less than an answer that is known; null if none is found.</summary>
    private int[]? SearchBelow(double cost, double price)
    {
        int count = _order.Length;
        double[] bounds = new double[count + 1];   // of the items from one on: the least of cost and price together
        long[] sizes = new long[count + 1];        // and their least size
        for (int i = count - 1; i >= 0; i--)
        {
            Step[] item = _items[_order[i]];
            bounds[i] = bounds[i + 1] + item.Min(step => step.Cost + (price * step.Size));
            sizes[i] = sizes[i + 1] + item[0].Size;
        }

        List<State[]> levels = [[new State(0, 0, 0, 0)]];
        for (int i = 0; i < count; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            Step[] item = _items[_order[i]];
            long room = _limit - sizes[i + 1];
            double bound = cost + (price * _limit) - bounds[i + 1];
            List<State> next = [];
            for (int parent = 0; parent < levels[i].Length; parent++)
            {
                for (int step = 0; step < item.Length; step++)
                {
                    State state = new(levels[i][parent].Size + item[step].Size, levels[i][parent].Cost + item[step].Cost, parent, step);
                    if (state.Size <= room && state.Cost + (price * state.Size) < bound)
                    {
                        next.Add(state);
                    }
                }
            }

            levels.Add(Thin(next));
        }

        return levels[count] is [.., var best] && best.Cost < cost ? Retrace(levels) : null;
    }

    private int[] Retrace(List<State[]> levels)
    {
        int[] chosen = new int[_items.Length];
        int place = levels[^1].Length - 1;   // the largest costs least
        for (int i = _order.Length - 1; i >= 0; i--)
        {
            State state = levels[i + 1][place];
            chosen[_order[i]] = state.Step;
            place = state.Parent;
        }

        return chosen;
    }

    /// <summary>Keeps what no other beats: the larger cost less.</summary>
    private static State[] Thin(List<State> states)
    {
        states.Sort((a, b) => a.Size != b.Size ? a.Size.CompareTo(b.Size) : a.Cost.CompareTo(b.Cost));
        List<State> kept = [];
        foreach (State state in states)
        {
            if (kept.Count == 0 || state.Cost < kept[^1].Cost)
            {
                kept.Add(state);
            }
        }

        // The last of each group is the cheapest.
        return kept.Count <= MostStates
            ? [.. kept]
            : [.. Enumerable.Range(1, MostStates).Select(group => kept[(int)((long)group * kept.Count / MostStates) - 1])];
    }

    /// <summary>The choices from small to large, without those that cost as much as a smaller one.</summary>
    private static Step[] Undominated(IReadOnlyList<PricedChoice> choices)
    {
        List<Step> steps = [];
        foreach (Step step in choices.Select((choice, i) => new Step(choice.Size, choice.Cost, i)).OrderBy(step => step.Size).ThenBy(step => step.Cost))
        {
            if (steps.Count == 0 || step.Cost < steps[^1].Cost)
            {
                steps.Add(step);
            }
        }

        return [.. steps];
    }

    private readonly record struct Step(long Size, double Cost, int Choice);

    private readonly record struct State(long Size, double Cost, int Parent, int Step);
}
