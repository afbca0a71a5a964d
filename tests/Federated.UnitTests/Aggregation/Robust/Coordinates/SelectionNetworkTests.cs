using Federated.Aggregation.Robust.Coordinates;

namespace Federated.UnitTests.Aggregation.Robust.Coordinates;

public sealed class SelectionNetworkTests
{
    // A network sorts everything when it sorts all zero-one inputs (Knuth 5.3.4, theorem Z).
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(15)]
    public void Sort_EveryZeroOneInput_IsSorted(int rows)
    {
        Exchange[] network = SelectionNetwork.Sort(rows);

        for (int input = 0; input < 1 << rows; input++)
        {
            int[] values = Apply(network, rows, input);
            for (int i = 1; i < rows; i++)
            {
                Assert.True(values[i - 1] <= values[i]);
            }
        }
    }

    [Theory]
    [InlineData(9, 4, 5)]
    [InlineData(10, 4, 6)]
    [InlineData(13, 3, 10)]
    public void Select_EveryZeroOneInput_HasTheSumOfTheMiddle(int rows, int first, int end)
    {
        Exchange[] network = SelectionNetwork.Select(rows, first, end);

        for (int input = 0; input < 1 << rows; input++)
        {
            int[] values = Apply(network, rows, input);
            int ones = int.PopCount(input);
            int expected = Math.Clamp(end - (rows - ones), 0, end - first);
            Assert.Equal(expected, values[first..end].Sum());
        }
    }

    [Fact]
    public void Select_IsShorterThanSort()
    {
        Assert.Equal(63, SelectionNetwork.Sort(16).Length);
        Assert.True(SelectionNetwork.Select(50, 24, 26).Length < SelectionNetwork.Sort(50).Length);
        Assert.Empty(SelectionNetwork.Select(8, 0, 8));
    }

    private static int[] Apply(Exchange[] network, int rows, int input)
    {
        int[] values = [.. Enumerable.Range(0, rows).Select(i => (input >> i) & 1)];
        foreach (Exchange exchange in network)
        {
            int low = Math.Min(values[exchange.Low], values[exchange.High]);
            int high = Math.Max(values[exchange.Low], values[exchange.High]);

            // A result that nobody may read is spoilt.
            values[exchange.Low] = exchange.Keeps == ExchangeKeeps.HighOnly ? -1000 : low;
            values[exchange.High] = exchange.Keeps == ExchangeKeeps.LowOnly ? -1000 : high;
        }

        return values;
    }
}
