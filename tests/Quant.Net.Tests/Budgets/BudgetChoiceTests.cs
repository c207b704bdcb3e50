using Quant.Net.Budgets;

namespace Quant.Net.Tests.Budgets;

public class BudgetChoiceTests
{
    [Fact]
    public void NoChoiceIsBetterThanThatOfSmallCases()
    {
        var random = new Random(7);
        for (int round = 0; round < 400; round++)
        {
            // Sizes of few kinds, as in models, so that ties are common; and costs that fall with size, as errors mostly do.
            PricedChoice[][] items = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Item(random))];
            long least = items.Sum(item => item.Min(choice => choice.Size)), most = items.Sum(item => item.Max(choice => choice.Size));
            long limit = random.NextInt64(least, most + 2);

            int[] chosen = BudgetChoice.Choose(items, limit)!;
            Assert.True(Sum(items, chosen, choice => choice.Size) <= limit);
            Assert.Equal(LeastCost(items, limit), Sum(items, chosen, choice => choice.Cost), 1e-9);
        }
    }

    [Fact]
    public void OfManyItemsTheCostIsCloseToABoundThatNoChoiceCanReach()
    {
        var random = new Random(8);
        PricedChoice[][] items = [.. Enumerable.Range(0, 300).Select(_ => Item(random, most: 25))];
        long least = items.Sum(item => item.Min(choice => choice.Size)), most = items.Sum(item => item.Max(choice => choice.Size));
        for (int part = 1; part < 5; part++)
        {
            long limit = least + ((most - least) * part / 5);
            int[] chosen = BudgetChoice.Choose(items, limit)!;
            long size = (long)Sum(items, chosen, choice => choice.Size);
            Assert.InRange(size, limit - (limit / 1000), limit);

            // For any price of a byte, no choice costs less than the cheapest of each item with its bytes paid, less the price of all.
            double bound = Enumerable.Range(-2000, 4000).Select(exponent => Math.Pow(2, exponent / 64.0))
                .Max(price => items.Sum(item => item.Min(choice => choice.Cost + (price * choice.Size))) - (price * limit));
            Assert.InRange(Sum(items, chosen, choice => choice.Cost), bound * 0.999999, bound * 1.002);
        }
    }

    [Fact]
    public void WhatDoesNotFitIsNotChosen()
    {
        PricedChoice[][] items = [[new(10, 1), new(5, 2)], [new(7, 3)]];
        Assert.Null(BudgetChoice.Choose(items, 11));
        Assert.Throws<OperationCanceledException>(() => BudgetChoice.Choose(items, 16, new CancellationToken(canceled: true)));
        Assert.Equal([1, 0], BudgetChoice.Choose(items, 12)!);
        Assert.Equal([1, 0], BudgetChoice.Choose(items, 16)!);
        Assert.Equal([0, 0], BudgetChoice.Choose(items, 17)!);
        Assert.Equal([], BudgetChoice.Choose([], 0)!);
    }

    [Fact]
    public void WhatCostsAsMuchAsSomethingSmallerIsNotChosen()
    {
        PricedChoice[] item = [new(10, 1), new(5, 1), new(20, 2)];
        Assert.Equal([1], BudgetChoice.Choose([item], 100)!);
    }

    private static PricedChoice[] Item(Random random, int most = 6)
    {
        int width = random.Next(1, 4) * 32;
        return
        [
            .. Enumerable.Range(0, random.Next(1, most)).Select(_ =>
            {
                int bits = random.Next(1, 17);
                return new PricedChoice(width * bits, width * Math.Pow(2, -bits) * (0.5 + random.NextDouble()));
            }),
        ];
    }

    private static double Sum(PricedChoice[][] items, int[] chosen, Func<PricedChoice, double> value) =>
        chosen.Select((choice, item) => value(items[item][choice])).Sum();

    private static double LeastCost(ReadOnlySpan<PricedChoice[]> items, long limit)
    {
        if (limit < 0)
        {
            return double.PositiveInfinity;
        }

        if (items.IsEmpty)
        {
            return 0;
        }

        double least = double.PositiveInfinity;
        foreach (PricedChoice choice in items[0])
        {
            least = Math.Min(least, choice.Cost + LeastCost(items[1..], limit - choice.Size));
        }

        return least;
    }
}
