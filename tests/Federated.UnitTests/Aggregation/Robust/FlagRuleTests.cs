using Federated.Aggregation.Robust.Flag;
using Federated.Aggregation.Robust.Gram;

namespace Federated.UnitTests.Aggregation.Robust;

public sealed class FlagRuleTests
{
    private static readonly double[][] Golden = [[3, 0, 1, 0, 2], [2, 2, 0, 1, 1], [1, 2, 2, 0, 1], [-1, 0, 4, 1, -2]];

    public static TheoryData<double, bool, int, bool> Settings()
    {
        var data = new TheoryData<double, bool, int, bool>();
        foreach (double lambda in new[] { 0.0, 1, 8, 64 })
        {
            foreach (int iterations in new[] { 1, 2, 5 })
            {
                data.Add(lambda, true, iterations, false);
                data.Add(lambda, false, iterations, true);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Solve_AnySetting_EqualsTheSingularValueRoute(double lambda, bool normalisesPairs, int iterations, bool isRaw)
    {
        double[][] updates = RobustData.Doubles(RobustData.Updates(7, 60));
        FlagRule rule = Rule(4, iterations, isRaw ? FlagForm.Raw : FlagForm.Normalised, lambda, normalisesPairs);

        double[] result = RobustData.Combine(updates, rule.Solve(RobustData.Gram(updates)).Coefficients);

        RobustData.AssertClose(NaiveFlag.Run(updates, 4, iterations, lambda, normalisesPairs, isRaw).Result, result, 1e-9);
    }

    [Theory]
    [InlineData(FlagForm.Normalised, 0, true, 1, 3, "0.4931743271 0.4328310317 0.5908366332 0.1396767816 0.2686370202")]
    [InlineData(FlagForm.Normalised, 0, true, 2, 3, "0.5108210257 0.4225760838 0.5850277714 0.1732618482 0.2487802984")]
    [InlineData(FlagForm.Normalised, 0, true, 5, 3, "0.5432437425 0.3952345543 0.5619155916 0.2345795375 0.2117661154")]
    [InlineData(FlagForm.Normalised, 4, false, 2, 3, "0.4908071775 0.4298117770 0.5940254865 0.1318230170 0.2729747046")]
    [InlineData(FlagForm.Normalised, 4, true, 2, 3, "0.4858434545 0.4379399946 0.5902632938 0.1252903413 0.2777877802")]
    [InlineData(FlagForm.Raw, 0, true, 1, 3, "1.1791792273 1.0411875372 1.7745175638 0.3645993930 0.5801311333")]
    [InlineData(FlagForm.Raw, 0, true, 2, 3, "1.2312399065 1.0110031568 1.7600130074 0.4623373427 0.5225138146")]
    [InlineData(FlagForm.Normalised, 0, true, 1, 1, "1.737547853 1.2612634134 0.8448377513 0.3159534525 1.1627574681")]
    [InlineData(FlagForm.Normalised, 0, true, 1, 2, "0.7214988559 0.694504558 0.866953433 0.2226279178 0.3916148693")]
    public void Solve_GoldenVectors_AreReproduced(FlagForm form, double lambda, bool normalisesPairs, int iterations, int m, string expected)
    {
        double[] result = RobustData.Combine(Golden, Rule(m, iterations, form, lambda, normalisesPairs).Solve(RobustData.Gram(Golden)).Coefficients);

        RobustData.AssertClose([.. expected.Split(' ').Select(text => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture))], result, 1e-9);
    }

    [Fact]
    public void Solve_GoldenVectors_GiveEigenvaluesCoefficientsAndRatios()
    {
        FlagSolution solution = Rule(3, 1).Solve(RobustData.Gram(Golden));

        RobustData.AssertClose([2.3133694276, 1.2144714464, 0.3450108696, 0.1271482564], solution.Eigenvalues, 1e-9);
        RobustData.AssertClose([0.0848605254, 0.0809270083, 0.1354885075, 0.0587497732], solution.Coefficients, 1e-9);
        RobustData.AssertClose([0.9982930608, 0.9590909433, 0.9382480062, 0.9772197333], solution.Ratios, 1e-9);
    }

    [Fact]
    public void Solve_ZeroColumnAppended_LeavesTheResult()
    {
        double[][] appended = [.. Golden, new double[5]];
        FlagRule rule = Rule(3, 2);
        FlagSolution solution = rule.Solve(RobustData.Gram(appended));

        double[] expected = RobustData.Combine(Golden, rule.Solve(RobustData.Gram(Golden)).Coefficients);
        RobustData.AssertClose(expected, RobustData.Combine(appended, solution.Coefficients), 1e-12);
        Assert.Equal(0, solution.Ratios[4]);
    }

    [Fact]
    public void Run_Float32Updates_IsWithin1e5OfTheDoubleRoute()
    {
        float[][] updates = RobustData.Updates(15, 5000, noise: 0.7);
        float[] result = new float[5000];

        GramAggregation.Run(Rule(8, 1), RobustData.Memories(updates), result, degree: 2);

        double[][] exact = RobustData.Doubles(updates);
        double[] expected = RobustData.Combine(exact, Rule(8, 1).Solve(RobustData.Gram(exact)).Coefficients);
        RobustData.AssertClose(expected, [.. result.Select(value => (double)value)], 1e-5);
    }

    [Fact]
    public void Solve_Permuted_IsThePermutedSolution()
    {
        double[][] updates = RobustData.Doubles(RobustData.Updates(9, 80));
        double[] straight = RobustData.Combine(updates, Rule(5, 3, lambda: 2).Solve(RobustData.Gram(updates)).Coefficients);
        double[][] permuted = [.. updates.Reverse()];

        RobustData.AssertClose(straight, RobustData.Combine(permuted, Rule(5, 3, lambda: 2).Solve(RobustData.Gram(permuted)).Coefficients), 1e-9);
    }

    [Fact]
    public void Solve_ScaledUpdates_NormalisedFormStaysAndRawFormScales()
    {
        double[][] updates = RobustData.Doubles(RobustData.Updates(6, 50));
        double[][] each = [.. updates.Select((update, i) => update.Select(value => value * (i + 0.5)).ToArray())];
        double[][] all = [.. updates.Select(update => update.Select(value => value * 7).ToArray())];

        double[] normalised = Result(updates, FlagForm.Normalised);
        double[] raw = Result(updates, FlagForm.Raw);

        RobustData.AssertClose(normalised, Result(each, FlagForm.Normalised), 1e-10);
        RobustData.AssertClose([.. raw.Select(value => value * 7)], Result(all, FlagForm.Raw), 1e-10);
        RobustData.AssertClose([.. normalised.Select(value => -value)], Result([.. updates.Select(update => update.Select(value => -value).ToArray())], FlagForm.Normalised), 1e-10);
    }

    [Fact]
    public void Solve_Reflected_IsTheReflectedResult()
    {
        // A Householder reflection is an orthogonal map.
        double[][] updates = RobustData.Doubles(RobustData.Updates(6, 50));
        double[] axis = RobustData.Doubles(RobustData.Updates(1, 50, seed: 9))[0];
        double square = NaiveFlag.Dot(axis, axis);
        double[] Reflect(double[] vector) => [.. vector.Zip(axis, (value, a) => value - (2 * NaiveFlag.Dot(axis, vector) / square * a))];

        RobustData.AssertClose(Reflect(Result(updates, FlagForm.Normalised)), Result([.. updates.Select(Reflect)], FlagForm.Normalised), 1e-10);
    }

    [Fact]
    public void Solve_RankAtMostM_KeepsTheWholeSum()
    {
        double[][] generators = RobustData.Doubles(RobustData.Updates(3, 40));
        double[][] updates = [.. Enumerable.Range(0, 8).Select(i => RobustData.Combine(generators, [i + 1, Math.Sin(i), Math.Cos(3 * i)]))];

        RobustData.AssertClose(Mean(updates, normalised: false, 8), Result(updates, FlagForm.Raw), 1e-9);
        RobustData.AssertClose(Mean(updates, normalised: true, 5), Result(updates, FlagForm.Normalised), 1e-9);
    }

    [Fact]
    public void Solve_AnyAttack_KeepsTheNormBound()
    {
        double[][] updates = RobustData.Doubles(RobustData.Updates(15, 100));
        for (int i = 0; i < 3; i++)
        {
            updates[i] = [.. updates[i].Select(value => value * -1e6)];
        }

        double[] result = Result(updates, FlagForm.Normalised);

        Assert.True(Math.Sqrt(NaiveFlag.Dot(result, result)) <= 15.0 / 8);
    }

    [Fact]
    public void Solve_Basis_IsOrthonormal()
    {
        double[][] updates = RobustData.Doubles(RobustData.Updates(9, 80));
        double[][] unit = [.. updates.Select(update => update.Select(value => value / Math.Sqrt(NaiveFlag.Dot(update, update))).ToArray())];
        double[][] basis = Rule(5, 4).Solve(RobustData.Gram(updates)).Basis;
        double[][] directions = [.. Enumerable.Range(0, 5).Select(j => RobustData.Combine(unit, [.. basis.Select(row => row[j])]))];

        for (int i = 0; i < 5; i++)
        {
            for (int j = 0; j < 5; j++)
            {
                Assert.Equal(i == j ? 1 : 0, NaiveFlag.Dot(directions[i], directions[j]), 1e-9);
            }
        }
    }

    [Fact]
    public void Solve_MoreIterations_NeverRaiseTheObjective()
    {
        double[][] updates = RobustData.Doubles(RobustData.Updates(15, 200, noise: 2));
        GramMatrix gram = RobustData.Gram(updates);
        double[] objective = [.. Enumerable.Range(1, 8).Select(t => Rule(8, t).Solve(gram).Ratios.Sum(v => Math.Sqrt(1 - v + 1e-7)))];

        Assert.All(objective.Zip(objective.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1e-12));
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(2, 2)]
    [InlineData(4, 9)]
    public void Solve_SubspaceHoldsAll_IsTheSumOfNormalisedByM(int p, int m)
    {
        double[][] updates = RobustData.Doubles(RobustData.Updates(p, 30));

        double[] result = RobustData.Combine(updates, Rule(m, 2, lambda: 3).Solve(RobustData.Gram(updates)).Coefficients);

        RobustData.AssertClose(Mean(updates, normalised: true, m), result, 1e-9);
    }

    [Fact]
    public void Compute_GramInChunks_AddsUp()
    {
        float[][] updates = RobustData.Updates(5, 700);
        double[] whole = GramMatrix.Compute(RobustData.Memories(updates), 1).Products.ToArray();
        double[] parts = new double[25];
        for (int chunk = 0; chunk < 7; chunk++)
        {
            double[] part = GramMatrix.Compute([.. updates.Select(update => (ReadOnlyMemory<float>)update.AsMemory(chunk * 100, 100))], 1).Products.ToArray();
            parts = [.. parts.Zip(part, (a, b) => a + b)];
        }

        RobustData.AssertClose(
            Rule(3, 1).Solve(new GramMatrix(whole)).Coefficients, Rule(3, 1).Solve(new GramMatrix(parts)).Coefficients, 1e-5);
    }

    [Fact]
    public void Run_OneClientThreeCopiesOrZeros_IsAsSpecified()
    {
        float[] g = [3, 4];

        Assert.Equal([0.6f, 0.8f], RunOn([g], FlagForm.Normalised), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([3f, 4f], RunOn([g], FlagForm.Raw), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal([0.9f, 1.2f], RunOn([g, g, g], FlagForm.Normalised), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([3f, 4f], RunOn([g, g, g], FlagForm.Raw), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal([3f, 4f], RunOn([g, g, g], FlagForm.Rescaled), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal([0f, 0f], RunOn([new float[2], new float[2]], FlagForm.Normalised));
    }

    [Fact]
    public void Run_UpdatesThatAreNotFinite_AreDroppedAndMIsRecomputed()
    {
        float[][] updates = RobustData.Updates(9, 500);
        float[][] clean = [.. updates.Skip(2)];
        updates[0][17] = float.NaN;
        updates[1][480] = float.NegativeInfinity;
        float[] result = new float[500];

        GramAggregate aggregate = GramAggregation.Run(new FlagRule(new FlagOptions()), RobustData.Memories(updates), result);

        Assert.Equal([0, 1], aggregate.Dropped);
        Assert.Equal(0, aggregate.Coefficients[0]);
        float[] expected = new float[500];
        GramAggregation.Run(new FlagRule(new FlagOptions()), RobustData.Memories(clean), expected);
        RobustData.AssertClose([.. expected.Select(value => (double)value)], [.. result.Select(value => (double)value)], 1e-6);
        Assert.Throws<ArgumentException>(() => GramAggregation.Run(new FlagRule(new FlagOptions()), RobustData.Memories([updates[0]]), result));
    }

    [Fact]
    public void Solve_OrthogonalUpdates_TakesTheWholeTie()
    {
        double[][] updates = [.. Enumerable.Range(0, 6).Select(i => Enumerable.Range(0, 6).Select(j => i == j ? 2.0 : 0).ToArray())];

        double[] result = RobustData.Combine(updates, Rule(3, 1).Solve(RobustData.Gram(updates)).Coefficients);

        Assert.All(result, value => Assert.Equal(1.0 / 3, value, 1e-12));
    }

    [Fact]
    public void Solve_EqualWeights_ChangeNothing()
    {
        GramMatrix gram = RobustData.Gram(Golden);

        RobustData.AssertClose(Rule(2, 1).Solve(gram).Coefficients, Rule(2, 1).Solve(gram, [5, 5, 5, 5]).Coefficients, 1e-14);
        Assert.Throws<ArgumentException>(() => Rule(2, 1).Solve(gram, [0, 0, 0, 0]));
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedByName()
    {
        Assert.Contains("subspace size is 0", Assert.Throws<ArgumentException>(() => new FlagRule(new FlagOptions { SubspaceSize = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("iterations is 11", Assert.Throws<ArgumentException>(() => new FlagRule(new FlagOptions { Iterations = 11 })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Rule(1, 1).Solve(new GramMatrix([])));
    }

    private static FlagRule Rule(int m, int iterations, FlagForm form = FlagForm.Normalised, double lambda = 0, bool normalisesPairs = true) =>
        new(new FlagOptions
        {
            SubspaceSize = m,
            Iterations = iterations,
            Form = form,
            PairWeight = lambda,
            NormalisesPairs = normalisesPairs,
            RankTolerance = 1e-13,
        });

    private static double[] Result(double[][] updates, FlagForm form)
    {
        var rule = new FlagRule(new FlagOptions { Form = form, RankTolerance = 1e-13 });
        return RobustData.Combine(updates, rule.Solve(RobustData.Gram(updates)).Coefficients);
    }

    private static float[] RunOn(float[][] updates, FlagForm form)
    {
        float[] result = new float[updates[0].Length];
        GramAggregation.Run(new FlagRule(new FlagOptions { Form = form }), RobustData.Memories(updates), result);
        return result;
    }

    private static double[] Mean(double[][] updates, bool normalised, double divisor) =>
        RobustData.Combine(updates, [.. updates.Select(update => 1 / divisor / (normalised ? Math.Sqrt(NaiveFlag.Dot(update, update)) : 1))]);
}
