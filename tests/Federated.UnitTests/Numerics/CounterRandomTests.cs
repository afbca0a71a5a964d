using CsCheck;
using Federated.Numerics;

namespace Federated.UnitTests.Numerics;

public sealed class CounterRandomTests
{
    [Fact]
    public void NextUInt32_IsThePhiloxStreamOfTheAddress()
    {
        var random = new CounterRandom(0x299f31d0_a4093822, RandomPurpose.Dropout, 7, 9, 5);

        for (uint block = 0; block < 3; block++)
        {
            (uint w0, uint w1, uint w2, uint w3) = Philox4x32.Block(block, (2u << 24) | 5, 7, 9, 0xa4093822, 0x299f31d0);
            Assert.Equal([w0, w1, w2, w3], [random.NextUInt32(), random.NextUInt32(), random.NextUInt32(), random.NextUInt32()]);
        }
    }

    [Fact]
    public void Constructor_IndexBeyondItsBits_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CounterRandom(1, RandomPurpose.Test, c: 1 << 24));

    [Fact]
    public void NextInt_EveryValue_IsEquallyLikely()
    {
        var random = new CounterRandom(1, RandomPurpose.Test);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextInt(7)]++;
        }

        double chiSquare = counts.Sum(count => Math.Pow(count - 10_000, 2) / 10_000);
        Assert.InRange(chiSquare, 0, 22.5); // the 99.9 % point of 6 degrees of freedom
    }

    [Fact]
    public void NextGaussian_Moments_AreThoseOfTheNormalDistribution()
    {
        var random = new CounterRandom(2, RandomPurpose.Test);
        double[] draws = [.. Enumerable.Range(0, 200_000).Select(_ => random.NextGaussian())];

        Assert.Equal(0, draws.Average(), 0.01);
        Assert.Equal(1, draws.Average(x => x * x), 0.02);
        Assert.Equal(3, draws.Average(x => x * x * x * x), 0.15);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1.0)]
    [InlineData(4.5)]
    public void NextGamma_MeanAndVariance_AreItsShape(double shape)
    {
        var random = new CounterRandom(3, RandomPurpose.Test);
        double[] draws = [.. Enumerable.Range(0, 200_000).Select(_ => random.NextGamma(shape))];
        double mean = draws.Average();

        Assert.Equal(shape, mean, shape * 0.02);
        Assert.Equal(shape, draws.Average(x => (x - mean) * (x - mean)), shape * 0.05);
    }

    [Theory]
    [InlineData(1e-4)]
    [InlineData(0.3)]
    [InlineData(100)]
    public void NextDirichlet_AnyConcentration_SumsToOne(double alpha)
    {
        var random = new CounterRandom(4, RandomPurpose.Test);
        double[] point = new double[10];
        for (int i = 0; i < 200; i++)
        {
            random.NextDirichlet(alpha, point);

            Assert.Equal(1, point.Sum(), 1e-12);
            Assert.All(point, part => Assert.InRange(part, 0, 1));
        }
    }

    [Fact]
    public void Choose_AnySize_GivesDistinctNumbersInRange() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 50], Gen.Int[0, 50]).Sample((seed, one, other) =>
        {
            int[] chosen = new CounterRandom(seed, RandomPurpose.Test).Choose(Math.Max(one, other), Math.Min(one, other));

            return chosen.Length == Math.Min(one, other)
                && chosen.Distinct().Count() == chosen.Length
                && chosen.All(number => number >= 0 && number < Math.Max(one, other));
        });

    [Fact]
    public void Choose_EveryPair_IsEquallyLikely()
    {
        var random = new CounterRandom(5, RandomPurpose.Test);
        Dictionary<(int, int), int> counts = [];
        for (int i = 0; i < 60_000; i++)
        {
            int[] pair = random.Choose(4, 2);
            counts[(pair[0], pair[1])] = counts.GetValueOrDefault((pair[0], pair[1])) + 1;
        }

        Assert.Equal(12, counts.Count);
        Assert.InRange(counts.Values.Sum(count => Math.Pow(count - 5_000, 2) / 5_000), 0, 31.3); // 99.9 % point, 11 degrees
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(260)]
    [InlineData(513)]
    [InlineData(5000)]
    public void Shuffle_AnyLength_TakesTheWordsOfNextIntAndNoOthers(int length)
    {
        int[] expected = [.. Enumerable.Range(0, length)], actual = [.. expected];
        CounterRandom one = new(6, RandomPurpose.Test), many = new(6, RandomPurpose.Test);
        one.NextUInt32();
        many.NextUInt32();
        for (int i = length - 1; i > 0; i--)
        {
            int other = one.NextInt(i + 1);
            (expected[i], expected[other]) = (expected[other], expected[i]);
        }

        many.Shuffle(actual.AsSpan());

        Assert.Equal(expected, actual);
        Assert.Equal(one.NextUInt32(), many.NextUInt32());
    }

    [Fact]
    public void Shuffle_IsAPermutation_ThatTheSeedFixes()
    {
        int[] first = [.. Enumerable.Range(0, 100)];
        int[] second = [.. first];

        new CounterRandom(6, RandomPurpose.Test).Shuffle(first.AsSpan());
        new CounterRandom(6, RandomPurpose.Test).Shuffle(second.AsSpan());

        Assert.Equal(first, second);
        Assert.NotEqual(Enumerable.Range(0, 100), first);
        Assert.Equal(Enumerable.Range(0, 100), first.Order());
    }

    [Fact]
    public void FillDropoutMask_KeepsTheMean()
    {
        float[] mask = new float[100_000];

        new CounterRandom(7, RandomPurpose.Test).FillDropoutMask(mask, 0.4);

        Assert.Equal(1, mask.Average(), 0.01);
        Assert.All(mask, value => Assert.True(value is 0 || Math.Abs(value - (1 / 0.6f)) < 1e-6));
    }

    [Fact]
    public void Numbers_ForASeed_AreFrozen()
    {
        // A change here changes every recorded simulation: give the new scheme another generator instead of editing the numbers.
        var random = new CounterRandom(42, RandomPurpose.Batches, 1, 2, 3);

        uint[] drawn = [random.NextUInt32(), random.NextUInt32(), (uint)random.NextInt(1000)];
        Assert.Equal(FrozenWords, drawn);
        int[] frozen = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x42, 0x51, 0x53, 0x5A];
        Assert.Equal(frozen, Enum.GetValues<RandomPurpose>().Select(purpose => (int)purpose));
        Assert.Equal(
            ["Initialisation", "Dropout", "Partition", "Split", "Faults", "Pacing", "Roles", "Compression", "Attack", "Aggregation", "Privacy", "Test", "Sketch", "SeedPool", "Devices", "Pruning", "Batches", "Dither", "Selection", "Perturbation"],
            Enum.GetNames<RandomPurpose>());
    }

    private static uint[] FrozenWords
    {
        get
        {
            (uint w0, uint w1, uint w2, _) = Philox4x32.Block(0, 0x42000003, 1, 2, 42, 0);
            return [w0, w1, (uint)(((ulong)w2 * 1000) >> 32)];
        }
    }

    [Fact]
    public void FillWords_AfterAnyNumberOfWords_ContinuesTheStream()
    {
        for (int skipped = 0; skipped < 9; skipped++)
        {
            var bulk = new CounterRandom(9, RandomPurpose.Test, 1, 2, 3);
            var single = new CounterRandom(9, RandomPurpose.Test, 1, 2, 3);
            for (int i = 0; i < skipped; i++)
            {
                Assert.Equal(single.NextUInt32(), bulk.NextUInt32());
            }

            uint[] words = new uint[203];
            bulk.FillWords(words);

            Assert.All(words, word => Assert.Equal(single.NextUInt32(), word));
            Assert.Equal(single.NextUInt32(), bulk.NextUInt32());
        }
    }

    [Fact]
    public void FillUniform_IsTheSequenceOfNextSingle()
    {
        var bulk = new CounterRandom(10, RandomPurpose.Test);
        var single = new CounterRandom(10, RandomPurpose.Test);
        float[] numbers = new float[1301];

        bulk.FillUniform(numbers, 0, 1);

        Assert.All(numbers, number => Assert.Equal(single.NextSingle(), number));
    }
}
