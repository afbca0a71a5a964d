using System.Collections.Immutable;
using CsCheck;
using Federated.Aggregation.Accumulators;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation;

public sealed class UpdateAccumulatorTests
{
    [Fact]
    public void Report_AnyTreeOrderAndDropOut_IsTheFlatMean() =>
        Gen.Select(Gen.UInt, Gen.Int[1, 14], Gen.Int[0, 70]).Sample(
            (seed, updates, length) =>
            {
                var cohort = new TestUpdates(seed, updates, length);
                var random = new CounterRandom(seed, RandomPurpose.Test, 1);
                int[] order = [.. Enumerable.Range(0, updates)];
                random.Shuffle<int>(order);
                int[] reporting = [.. order.Take(1 + random.NextInt(updates))];

                // A random tree: leaves of random sizes, then random pairs are merged until one is left.
                List<UpdateAccumulator> nodes = [.. reporting.GroupBy(_ => random.NextInt(4)).Select(group => cohort.Leaf(group))];
                nodes.Add(cohort.NewAccumulator());
                while (nodes.Count > 1)
                {
                    UpdateAccumulator last = nodes[^1];
                    nodes.RemoveAt(nodes.Count - 1);
                    nodes[random.NextInt(nodes.Count)].MergeWith(last);
                }

                cohort.AssertMean(nodes[0].Report(), [.. reporting.Order()]);
            },
            iter: 150);

    [Theory]
    [InlineData(1, 3)]
    [InlineData(4, 3)]
    [InlineData(7, 2049)]
    [InlineData(9, 4100)]
    public void AccumulateBatch_AnySize_IsTheMean(int updates, int length)
    {
        var cohort = new TestUpdates(5, updates, length);
        UpdateAccumulator accumulator = cohort.NewAccumulator();

        accumulator.Accumulate([.. Enumerable.Range(0, updates).Select(i => new RetainedUpdate(cohort.Payload(i), cohort.Weights[i]))]);

        cohort.AssertMean(accumulator.Report(), [.. Enumerable.Range(0, updates)]);
    }

    [Fact]
    public void TakeBack_NextReport_IsItsOwnMeanInTheSameMemory()
    {
        var cohort = new TestUpdates(7, 4, 500);
        UpdateAccumulator accumulator = cohort.NewAccumulator();
        accumulator.Accumulate(cohort.Payload(0), cohort.Weights[0]);
        AggregateReport first = accumulator.Report();
        accumulator.Clear();
        accumulator.Accumulate(cohort.Payload(1), cohort.Weights[1]);
        AggregateReport beside = accumulator.Report();
        accumulator.Clear();
        accumulator.TakeBack(first);
        accumulator.Accumulate(cohort.Payload(2), cohort.Weights[2]);
        accumulator.Accumulate(cohort.Payload(3), cohort.Weights[3]);

        AggregateReport next = accumulator.Report();

        cohort.AssertMean(next, [2, 3]);
        cohort.AssertMean(beside, [1]);
        Assert.Contains(first.Sections.Zip(next.Sections), pair => pair.First.Single.Length > 0 && pair.First.Single == pair.Second.Single);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Accumulate_AnyDegree_GivesTheSameBits(int degree)
    {
        var cohort = new TestUpdates(6, 3, 200_003);
        UpdateAccumulator one = cohort.NewAccumulator(1), many = cohort.NewAccumulator(degree);
        for (int i = 0; i < 3; i++)
        {
            one.Accumulate(cohort.Payload(i), cohort.Weights[i]);
            many.Accumulate(cohort.Payload(i), cohort.Weights[i]);
        }

        Assert.Equal(one.Report().Sections[0].Single, many.Report().Sections[0].Single);
    }

    [Fact]
    public void BeginPass_SeveralThreads_GiveTheBitsOfOneAndOneOfThemEndsIt()
    {
        var cohort = new TestUpdates(8, 5, 400_003);
        RetainedUpdate[] updates = [.. Enumerable.Range(0, 5).Select(i => new RetainedUpdate(cohort.Payload(i), cohort.Weights[i]))];
        UpdateAccumulator alone = cohort.NewAccumulator(), shared = cohort.NewAccumulator();
        alone.Accumulate(updates);

        UpdatePass pass = shared.BeginPass(updates);
        int last = 0;
        Parallel.For(0, 4, _ =>
        {
            if (pass.Work())
            {
                Interlocked.Increment(ref last);
            }
        });
        pass.End();

        Assert.Equal(1, last);
        Assert.False(pass.HasMore);
        Assert.Equal(alone.Report().Sections[0].Single, shared.Report().Sections[0].Single);
    }

    [Fact]
    public void BeginPass_UpdateOfNothing_CanBeEnded()
    {
        var sums = new UpdateAccumulator([new SectionShape(ElementType.Float32, 0, Denominator.Weight)]);

        UpdatePass pass = sums.BeginPass([new RetainedUpdate(ReadOnlyMemory<byte>.Empty, 1), new RetainedUpdate(ReadOnlyMemory<byte>.Empty, 2, [])]);
        Assert.True(pass.Work());
        pass.End();

        Assert.Equal(2, sums.Count);
        Assert.Equal(3, sums.TotalWeight);
    }

    [Fact]
    public void Accumulate_LargeCohortOfSmallUpdates_KeepsThem()
    {
        var accumulator = new UpdateAccumulator([new SectionShape(ElementType.Float32, 1, Denominator.Weight)], 1);
        byte[] large = BitConverter.GetBytes(1e6f), small = BitConverter.GetBytes(1e-3f);
        accumulator.Accumulate(large, 1);
        for (int i = 0; i < 200_000; i++)
        {
            accumulator.Accumulate(small, 1);
        }

        double exact = (1e6 + (200_000 * (double)1e-3f)) / 200_001;
        Assert.Equal(exact, accumulator.Report().Sections[0].Single[0], exact * 6e-8);
    }

    [Fact]
    public void Accumulate_IntegersBeyondFloat64_AreExact()
    {
        ImmutableArray<SectionShape> sections = [new SectionShape(ElementType.Int64, 1, Denominator.None)];
        var accumulator = new UpdateAccumulator(sections, 1);
        foreach (long value in new[] { long.MaxValue, -1, 1, -long.MaxValue, (1L << 53) + 1 })
        {
            accumulator.Accumulate(BitConverter.GetBytes(value), 1);
        }

        Assert.Equal((1L << 53) + 1, accumulator.Report().Sections[0].Integer[0]);
    }

    [Fact]
    public void Accumulate_WrongLengthOrWeight_IsRefusedAndAddsNothing()
    {
        var cohort = new TestUpdates(7, 1, 4);
        UpdateAccumulator accumulator = cohort.NewAccumulator();
        byte[] payload = cohort.Payload(0);

        Assert.Throws<ArgumentException>(() => accumulator.Accumulate(payload.AsSpan(1), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Accumulate(payload, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Accumulate(payload, -1));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => accumulator.Accumulate([new RetainedUpdate(payload, 1), new RetainedUpdate(payload, double.PositiveInfinity)]));
        Assert.Equal(0, accumulator.Count);
        Assert.False(accumulator.CanReport);
    }

    [Fact]
    public void MergeWith_OtherSections_IsRefused()
    {
        var mean = new UpdateAccumulator([new SectionShape(ElementType.Float32, 4, Denominator.Weight)]);
        var sum = new UpdateAccumulator([new SectionShape(ElementType.Float32, 4, Denominator.None)]);

        var exception = Assert.Throws<ArgumentException>(() => mean.MergeWith(sum));

        Assert.Contains("Denominator = None", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => mean.MergeWith(mean));
    }

    [Fact]
    public void ConsumedAccumulator_AnyUse_Throws()
    {
        var cohort = new TestUpdates(8, 2, 4);
        UpdateAccumulator a = cohort.Leaf(0), b = cohort.Leaf(1);
        a.MergeWith(b);
        Assert.Equal(2, a.Preview().Count);
        a.Report();

        Assert.False(a.CanReport);
        Assert.Throws<InvalidOperationException>(() => a.Report());
        Assert.Throws<InvalidOperationException>(() => b.Accumulate(cohort.Payload(0), 1));
        Assert.Throws<InvalidOperationException>(() => cohort.NewAccumulator().MergeWith(b));
    }

    [Fact]
    public void CanReport_TotalWeightZero_OnlyWithoutWeightedSections()
    {
        var weighted = new UpdateAccumulator([new SectionShape(ElementType.Float32, 1, Denominator.Weight)]);
        var summed = new UpdateAccumulator([new SectionShape(ElementType.Float32, 1, Denominator.None)]);
        weighted.Accumulate(new byte[4], 0);
        summed.Accumulate(new byte[4], 0);

        Assert.False(weighted.CanReport);
        Assert.True(summed.CanReport);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Accumulate_SectionsByRole_DividesEachByItsCarriers(int batch)
    {
        ImmutableArray<SectionShape> sections =
        [
            new SectionShape(ElementType.Float32, 3, Denominator.Weight),
            new SectionShape(ElementType.Float64, 2, Denominator.Updates),
            new SectionShape(ElementType.Float64, 1, Denominator.None),
        ];
        ImmutableArray<int>[] forms = [[0], [1, 2], default, [0, 2]];
        var random = new CounterRandom(11, RandomPurpose.Test);
        double[][] sums = [new double[3], new double[2], new double[1]];
        double[] divisors = new double[3];
        var updates = new List<RetainedUpdate>();
        for (int n = 0; n < 23; n++)
        {
            ImmutableArray<int> form = forms[n % forms.Length];
            double weight = 1 + random.NextInt(9);
            var payload = new List<byte>();
            foreach (int section in form.IsDefault ? [0, 1, 2] : form)
            {
                divisors[section] += section == 0 ? weight : 1;
                for (int i = 0; i < sections[section].Count; i++)
                {
                    float value = (float)random.NextDouble() - 0.5f;
                    sums[section][i] += section == 0 ? weight * value : value;
                    payload.AddRange(section == 0 ? BitConverter.GetBytes(value) : BitConverter.GetBytes((double)value));
                }
            }

            updates.Add(new RetainedUpdate(payload.ToArray(), weight, form));
        }

        var accumulator = new UpdateAccumulator(sections, 1);
        foreach (RetainedUpdate[] part in updates.Chunk(batch))
        {
            accumulator.Accumulate(part);
        }

        AggregateReport report = accumulator.Report();

        Assert.Equal(23, report.Count);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(sums[0][i] / divisors[0], (double)report.Sections[0].Single[i], 1e-6);
        }

        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(sums[1][i] / divisors[1], report.Sections[1].Double[i], 1e-14);
        }

        Assert.Equal(sums[2][0], report.Sections[2].Double[0], 1e-13);
        Assert.Equal([divisors[0], divisors[1], 1], report.Sections.Select(section => section.Divisor));
    }

    [Fact]
    public void Report_SectionThatNobodyCarried_HasNoValues()
    {
        var accumulator = new UpdateAccumulator(
            [new SectionShape(ElementType.Float32, 1, Denominator.Weight), new SectionShape(ElementType.Float64, 1, Denominator.None)], 1);

        accumulator.Accumulate(BitConverter.GetBytes(2.0), 1, [1]);

        Assert.True(accumulator.CanReport);
        SectionReport[] sections = [.. accumulator.Report().Sections];
        Assert.Equal((0, 0), (sections[0].Count, sections[0].Single.Length));
        Assert.Equal([2.0], sections[1].Double);
    }

    [Fact]
    public void Accumulate_ImpossibleSections_Throws()
    {
        var accumulator = new UpdateAccumulator(
            [new SectionShape(ElementType.Float32, 1, Denominator.Weight), new SectionShape(ElementType.Float32, 1, Denominator.Weight)], 1);

        Assert.Throws<ArgumentException>(() => accumulator.Accumulate(new byte[8], 1, [1, 0]));
        Assert.Throws<ArgumentException>(() => accumulator.Accumulate(new byte[4], 1, [2]));
        Assert.Throws<ArgumentException>(() => accumulator.Accumulate(new byte[8], 1, [1]));
        Assert.Equal(0, accumulator.Count);
    }
}
