using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust;

public sealed class GrowingGramTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 70_001)]
    [InlineData(11, 2060)]
    [InlineData(17, 1025)]
    public void Matrix_AfterEveryArrival_HasTheBitsOfTheBatch(int p, int n)
    {
        float[][] updates = RobustData.Updates(p, n);
        updates[p / 2].AsSpan().Fill(3e25f);
        ReadOnlyMemory<float>[] memories = RobustData.Memories(updates);
        var grown = new GrowingGram(2);
        for (int k = 0; k < p; k++)
        {
            grown.Add(memories[k]);

            Assert.Equal(GramMatrix.Compute(memories[..(k + 1)], 2).Products, grown.Matrix().Products);
        }
    }

    [Theory]
    [InlineData(7, 70_001)]
    [InlineData(16, 2060)]
    public void Matrix_AnyOrderAndGroupsOfArrival_HasTheBitsOfTheBatch(int p, int n)
    {
        float[][] updates = RobustData.Updates(p, n);
        updates[p / 2].AsSpan().Fill(3e25f);
        ReadOnlyMemory<float>[] memories = RobustData.Memories(updates);
        double[] batch = GramMatrix.Compute(memories, 2).Products.ToArray();
        for (uint turn = 0; turn < 4; turn++)
        {
            int[] order = [.. Enumerable.Range(0, p)];
            var random = new CounterRandom(5, RandomPurpose.Test, turn);
            random.Shuffle(order);
            var grown = new GrowingGram(2);
            foreach (int k in order)
            {
                grown.Add(memories[k]);
                if (random.NextDouble() < 0.4)
                {
                    grown.Grow();
                }
            }

            GramMatrix sorted = grown.Matrix().Select([.. Enumerable.Range(0, p).Select(k => Array.IndexOf(order, k))]);

            Assert.Equal(batch, sorted.Products);
        }
    }

    [Fact]
    public void Add_VectorThatIsNotFinite_SpoilsItsOwnRowOnly()
    {
        float[][] updates = RobustData.Updates(6, 40);
        updates[1][7] = float.NaN;
        var grown = new GrowingGram();
        foreach (float[] update in updates)
        {
            grown.Add(update);
        }

        GramMatrix gram = grown.Matrix();

        Assert.True(double.IsNaN(gram[1, 1]));
        Assert.All([0, 2, 3, 4, 5], i => Assert.True(double.IsFinite(gram[i, 5])));
        Assert.Throws<ArgumentException>(() => grown.Add(new float[39]));
    }

    [Fact]
    public void Measure_WithTheLastCentreBehindTheUpdates_IsAsWithoutTheMatrix()
    {
        float[][] updates = RobustData.Updates(7, 300);
        RobustRule rule = RuleCatalog.Create("nnm+centred-clipping:radius=5", 2);
        var input = new RobustInput { Updates = RobustData.Memories(updates[..6]), Centre = updates[6] };
        var grown = new GrowingGram();
        foreach (float[] update in updates)
        {
            grown.Add(update);
        }

        RuleVerdict verdict = rule.Judge(rule.Measure(input, grown.Matrix(), 0, 300), input);

        Assert.Equal(rule.Judge(rule.Measure(input, 0, 300), input).Coefficients, verdict.Coefficients);
        Assert.Throws<ArgumentException>(() => rule.Measure(input with { Centre = null }, grown.Matrix(), 0, 300));
    }
}
