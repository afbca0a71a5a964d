using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation;

/// <summary>Random updates of four sections and their exact aggregate in plain double and 128-bit arithmetic.</summary>
internal sealed class TestUpdates
{
    private readonly float[][] _delta;
    private readonly double[][] _sums;
    private readonly long[][] _counts;
    private readonly long[][] _steps;

    public TestUpdates(ulong seed, int updates, int length)
    {
        Sections =
        [
            new SectionShape(ElementType.Float32, length, Denominator.Weight),
            new SectionShape(ElementType.Float64, 3, Denominator.None),
            new SectionShape(ElementType.Int64, 5, Denominator.Updates),
            new SectionShape(ElementType.Int64, 2, Denominator.Weight),
        ];
        var random = new CounterRandom(seed, RandomPurpose.Test);
        Weights = [.. Enumerable.Range(0, updates).Select(_ => (double)(1 + random.NextInt(500)))];
        _delta = new float[updates][];
        _sums = new double[updates][];
        _counts = new long[updates][];
        _steps = new long[updates][];
        for (int i = 0; i < updates; i++)
        {
            _delta[i] = new float[length];
            random.FillGaussian(_delta[i], 0, 1);
            _sums[i] = [random.NextDouble(), random.NextGaussian(), random.NextInt(1000)];
            _counts[i] = [.. Enumerable.Range(0, 5).Select(_ => (long)random.NextUInt64())];
            _steps[i] = [random.NextInt(100_000), -random.NextInt(100_000)];
        }
    }

    public ImmutableArray<SectionShape> Sections { get; }

    public double[] Weights { get; }

    public byte[] Payload(int update) =>
    [
        .. MemoryMarshal.AsBytes(_delta[update].AsSpan()),
        .. MemoryMarshal.AsBytes(_sums[update].AsSpan()),
        .. MemoryMarshal.AsBytes(_counts[update].AsSpan()),
        .. MemoryMarshal.AsBytes(_steps[update].AsSpan()),
    ];

    public UpdateAccumulator NewAccumulator(int degree = 1) => new(Sections, degree);

    public UpdateAccumulator Leaf(params IEnumerable<int> updates)
    {
        UpdateAccumulator leaf = NewAccumulator();
        foreach (int update in updates)
        {
            leaf.Accumulate(Payload(update), Weights[update]);
        }

        return leaf;
    }

    /// <summary>Asserts the documented bound against a reference that sums in index order.</summary>
    public void AssertMean(AggregateReport report, IReadOnlyList<int> included)
    {
        double totalWeight = included.Sum(update => Weights[update]);
        Assert.Equal(included.Count, report.Count);
        Assert.Equal(totalWeight, report.TotalWeight);
        double slack = (included.Count + 2) * Math.Pow(2, -52);
        for (int j = 0; j < Sections[0].Count; j++)
        {
            double exact = included.Sum(update => Weights[update] * _delta[update][j]) / totalWeight;
            double magnitude = included.Sum(update => Weights[update] * Math.Abs(_delta[update][j])) / totalWeight;
            Assert.Equal(exact, report.Sections[0].Single[j], (2 * slack * magnitude) + (Math.Abs(exact) * Math.Pow(2, -24)) + Math.Pow(2, -150));
        }

        for (int j = 0; j < 3; j++)
        {
            double magnitude = included.Sum(update => Math.Abs(_sums[update][j]));
            Assert.Equal(included.Sum(update => _sums[update][j]), report.Sections[1].Double[j], 2 * slack * magnitude);
        }

        for (int j = 0; j < 5; j++)
        {
            Int128 sum = included.Aggregate(Int128.Zero, (total, update) => total + _counts[update][j]);
            Assert.Equal(RoundedRatio(sum, included.Count), report.Sections[2].Integer[j]);
        }

        for (int j = 0; j < 2; j++)
        {
            Int128 sum = included.Aggregate(Int128.Zero, (total, update) => total + ((Int128)Weights[update] * _steps[update][j]));
            Assert.Equal(Math.Round((double)sum / totalWeight, MidpointRounding.ToEven), report.Sections[3].Integer[j]);
        }
    }

    // Nearest, ties to even, by floor division: another way than the one under test.
    private static Int128 RoundedRatio(Int128 sum, Int128 divisor)
    {
        Int128 floor = (sum - (((sum % divisor) + divisor) % divisor)) / divisor;
        Int128 rest = sum - (floor * divisor);
        bool isUp = (rest * 2) > divisor || ((rest * 2) == divisor && (floor % 2) != 0);
        return isUp ? floor + 1 : floor;
    }
}
