using Quant.Net.Tool.Bench;

namespace Quant.Net.Tool.Tests.Bench;

public class CrewTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 10)]
    [InlineData(3, 1)]
    [InlineData(3, 1000)]
    [InlineData(3, 1001)]
    public void EveryItemIsDoneOnce(int threads, int items)
    {
        using var crew = new Crew(threads);
        for (int round = 0; round < 3; round++)
        {
            int[] done = new int[items];
            crew.Run(items, grain: 7, (first, last) =>
            {
                for (long i = first; i < last; i++)
                {
                    Interlocked.Increment(ref done[i]);
                }
            });
            Assert.All(done, count => Assert.Equal(1, count));
        }
    }
}
