using Federated.Numerics.Compression;

namespace Federated.UnitTests.Numerics.Compression;

public sealed class TopKHeapTests
{
    [Theory]
    [InlineData(10_000, 137, 64)]
    [InlineData(10_000, 1, 7)]
    [InlineData(500, 499, 500)]
    [InlineData(33, 33, 5)]
    public void Drain_StreamInRows_EqualsTheFullSort(int length, int count, int row)
    {
        // Coarse values, so that many magnitudes are equal.
        float[] values = [.. CompressionData.Gaussian(length).Select(value => MathF.Round(value * 8) / 8)];
        int[] expected = [.. Enumerable.Range(0, length).Where(i => values[i] != 0).OrderByDescending(i => Math.Abs(values[i])).ThenBy(i => i).Take(count).Order()];
        int[] starts = [.. Enumerable.Range(0, (length + row - 1) / row).Select(i => i * row)];

        foreach (IEnumerable<int> order in (IEnumerable<int>[])[starts, starts.Reverse()])
        {
            var heap = new TopKHeap(count);
            foreach (int start in order)
            {
                heap.Offer(start, values.AsSpan(start, Math.Min(row, length - start)));
            }

            int[] indices = new int[count];
            float[] kept = new float[count];
            int found = heap.Drain(indices, kept);

            Assert.Equal(expected, indices[..found]);
            Assert.Equal(expected.Select(i => values[i]), kept[..found]);
        }
    }

    [Fact]
    public void Offer_NotANumber_IsToldAndNotKept()
    {
        var heap = new TopKHeap(4);
        heap.Offer(0, [1, float.NaN, 0, -3, float.PositiveInfinity]);
        int[] indices = new int[4];

        int found = heap.Drain(indices, new float[4]);

        Assert.False(heap.IsFinite);
        Assert.Equal([0, 3], indices[..found]);
        Assert.Equal(0, heap.Count);
    }
}
