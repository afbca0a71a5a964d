using System.Numerics.Tensors;
using Federated.Aggregation.Robust.Catalog;
using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Simulation;
using Federated.Simulation.Attacks;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;
using Federated.UnitTests.Aggregation.Robust;

namespace Federated.UnitTests.Simulation.Attacks;

public sealed class AttackTests
{
    private const int Byzantine = 3;
    private const int Length = 60;

    private static readonly float[][] Honest = RobustData.Updates(12, Length, noise: 0.8, seed: 41);
    private static readonly double[][] X = RobustData.Doubles(Honest);
    private static readonly double[] Mean = NaiveRules.Mean(X);
    private static readonly double[] Deviation =
        [.. Mean.Select((mean, j) => Math.Sqrt(X.Sum(a => (a[j] - mean) * (a[j] - mean)) / (X.Length - 1)))];

    [Theory]
    [InlineData("alie2", "There is no attack 'alie2'. There are: random,")]
    [InlineData("alie:z=1", "'alie' has no setting 'z'. It has: tau.")]
    [InlineData("drop:rate=1.5", "'drop': rate is 1.5; it must be 0 to 1.")]
    [InlineData("ipm:tau=x", "'ipm': tau is x; it must be a number.")]
    [InlineData("ipm+alie", "names 2 attacks")]
    public void TryCreate_WrongText_SaysWhatIsWrong(string text, string part) =>
        Assert.Contains(part, AttackCatalog.TryCreate(text, out _), StringComparison.Ordinal);

    [Fact]
    public void Attacks_EachOne_CanBeMadeWithoutSettings() =>
        Assert.All(AttackCatalog.Attacks, attack => Assert.Equal(attack.Name, AttackCatalog.Create(attack.Name).Text));

    [Fact]
    public void Colluding_Formulas_AreThoseOfTheirPapers()
    {
        AssertClose([.. Mean.Select(mean => -2 * mean)], Craft("ipm"));
        AssertClose([.. Mean.Select(mean => -0.1 * mean)], Craft("ipm:tau=0.1"));
        AssertClose([.. Mean.Select((mean, j) => mean + (1.5 * Deviation[j]))], Craft("alie"));
        AssertClose([.. Mean.Select((mean, j) => mean - (0.3 * Deviation[j]))], Craft("alie:tau=-0.3"));

        // 12 honest and 3 Byzantine updates: Φ⁻¹(7/12).
        AssertClose([.. Mean.Select((mean, j) => mean + (0.2104284 * Deviation[j]))], Craft("alie:tau=0"));
        AssertClose([.. Mean.Select(mean => -mean)], Craft("sign-flip:of=mean"));
        AssertClose([.. Mean.Select(mean => -4 * mean)], Craft("reverse:scale=4,of=mean"));
        AssertClose(X[5], Craft("mimic:client=5"));
        Assert.Contains("the client is 12; the round has 12", Assert.Throws<SimulationException>(() => Craft("mimic:client=12")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Local_Formulas_ChangeTheOwnUpdate()
    {
        AssertClose([.. X[0].Select(value => -value)], Corrupt("sign-flip", Honest[0]));
        AssertClose([.. X[0].Select(value => -10 * value)], Corrupt("reverse", Honest[0]));
        Assert.All(Corrupt("inf", Honest[0]), value => Assert.Equal(float.PositiveInfinity, value));
        Assert.All(Corrupt("nan", Honest[0]), value => Assert.True(float.IsNaN(value)));
        Assert.All(Corrupt("random:low=2,high=3", Honest[0]), value => Assert.InRange(value, 2, 3));
    }

    [Fact]
    public void Local_RandomAttacks_HaveTheirDistribution()
    {
        float[] many = new float[200_000];
        Array.Fill(many, 1f);

        float[] gaussian = Corrupt("gaussian:mean=3,deviation=2", many);
        Assert.Equal(3, gaussian.Average(), 0.03);
        Assert.Equal(4, gaussian.Average(value => (value - 3) * (value - 3)), 0.1);

        // What is lost is really lost, and nothing else changes.
        float[] dropped = Corrupt("drop:rate=0.3", many);
        Assert.Equal(0.3, dropped.Count(value => value == 0) / 200_000.0, 0.01);
        Assert.All(dropped, value => Assert.True(value is 0 or 1));
    }

    [Theory]
    [InlineData("min-max", 0)]
    [InlineData("min-max:direction=unit", 1)]
    [InlineData("min-max:direction=sign", 2)]
    public void MinMax_Factor_IsTheLargestThatKeepsTheDiameter(string text, int kind)
    {
        double norm = Math.Sqrt(Mean.Sum(value => value * value));
        double[] direction = kind == 0 ? Deviation : [.. Mean.Select(mean => kind == 1 ? mean / norm : Math.Sign(mean))];
        double diameter = X.Max(a => X.Max(b => NaiveRules.Distance(a, b)));
        bool Fits(double gamma) => X.Max(a => NaiveRules.Distance(a, [.. Mean.Select((mean, j) => mean - (gamma * direction[j]))])) <= diameter;
        double low = 0, high = 100;
        for (int step = 0; step < 60; step++)
        {
            double middle = 0.5 * (low + high);
            (low, high) = Fits(middle) ? (middle, high) : (low, middle);
        }

        AssertClose([.. Mean.Select((mean, j) => mean - (low * direction[j]))], Craft(text));
    }

    [Theory]
    [InlineData("opt-ipm", "median")]
    [InlineData("opt-ipm", "nnm+multi-krum")]
    [InlineData("opt-ipm", "mean")]
    [InlineData("opt-alie", "trimmed-mean")]
    [InlineData("opt-alie", "krum")]
    [InlineData("opt-alie", "flag")]
    public void Optimised_AgainstARule_IsAsGoodAsAGrid(string attack, string text)
    {
        RobustRule rule = RuleCatalog.Create(text, Byzantine);
        float[] crafted = ((ColludingAttack)AttackCatalog.Create(attack)).Craft(Round(rule));

        double[] direction = attack == "opt-ipm" ? [.. Mean.Select(mean => -mean)] : Deviation;
        double[] start = attack == "opt-ipm" ? new double[Length] : Mean;

        // Within the reach of ten steps, of a rule that is bounded.
        double grid = Enumerable.Range(attack == "opt-ipm" ? 0 : -40, 81).Max(step => Harm(rule, [.. start.Select((from, j) => (float)(from + (step * 0.1 * direction[j])))]));

        Assert.True(Harm(rule, crafted) >= (text == "mean" ? 1 : 0.9) * grid, $"{Harm(rule, crafted)} instead of {grid}");
    }

    [Fact]
    public void LineSearch_SmoothFunction_FindsThePeak()
    {
        (double at, double value) = LineSearch.Maximise(x => -((x - 5.3) * (x - 5.3)), 30);

        Assert.Equal(5.3, at, 0.3);
        Assert.Equal(0, value, 0.1);
        Assert.Equal(0, LineSearch.Maximise(x => -x, 20).At);
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.975, 1.959964)]
    [InlineData(0.001, -3.090232)]
    [InlineData(1e-12, -7.034484)]
    public void NormalQuantile_KnownProbabilities_AreAsInTables(double probability, double expected) =>
        Assert.Equal(expected, NormalQuantile.Of(probability), 2e-6);

    [Fact]
    public void LabelFlip_Attackers_OwnChangedCopies()
    {
        (ExampleSet examples, VirtualClient[] clients) = Images();

        (ExampleSet poisoned, VirtualClient[] changed) =
            ((DataAttack)AttackCatalog.Create("label-flip")).Poison(examples, ModelShape.Image(1, 3, 3), 10, clients, [1], 7);

        Assert.Equal(clients[0], changed[0]);
        Assert.Equal([6, 7, 8], changed[1].Rows);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 5, 4], poisoned.Labels.ToArray());
        Assert.Equal(examples.Features.ToArray()[27..], poisoned.Features.ToArray()[54..]);
    }

    [Fact]
    public void Backdoor_Attackers_GetThePatchAndTheTarget()
    {
        (ExampleSet examples, VirtualClient[] clients) = Images();
        var attack = (DataAttack)AttackCatalog.Create("backdoor:target=7,size=2,value=5,fraction=0.67");

        (ExampleSet poisoned, _) = attack.Poison(examples, ModelShape.Image(1, 3, 3), 10, clients, [1], 7);

        Assert.Equal(2, poisoned.Labels.ToArray()[6..].Count(label => label == 7));
        int row = 6 + poisoned.Labels.ToArray()[6..].ToList().IndexOf(7);
        float value = row - 3;
        Assert.Equal([value, value, value, value, 5, 5, value, 5, 5], poisoned.Features.ToArray()[(row * 9)..((row + 1) * 9)]);
        Assert.Equal(2, attack.Patch!.Size);
        Assert.Throws<SimulationException>(() => attack.Poison(examples, ModelShape.Image(1, 3, 3), 7, clients, [1], 7));
    }

    [Theory]
    [InlineData("label-flip")]
    [InlineData("backdoor:target=7,size=2,value=5,fraction=0.67")]
    public void DataAttack_SparseRows_StaySparseAndBecomeTheSame(string attack)
    {
        (ExampleSet dense, VirtualClient[] clients) = Images();
        var sparse = new ExampleSet(CsrMatrix.FromDense(6, 9, dense.Features.Span), dense.Labels);

        (ExampleSet expected, _) = ((DataAttack)AttackCatalog.Create(attack)).Poison(dense, ModelShape.Image(1, 3, 3), 10, clients, [1], 7);
        (ExampleSet actual, _) = ((DataAttack)AttackCatalog.Create(attack)).Poison(sparse, ModelShape.Image(1, 3, 3), 10, clients, [1], 7);

        Assert.NotNull(actual.SparseFeatures);
        Assert.Equal(expected.Labels.ToArray(), actual.Labels.ToArray());
        for (int row = 0; row < 9; row++)
        {
            float[] copy = new float[9];
            actual.CopyRow(row, copy);
            Assert.Equal(expected.Features.ToArray()[(9 * row)..(9 * (row + 1))], copy);
        }
    }

    // As dense rows the copies would take more than a gigabyte.
    [Fact]
    public void DataAttack_VeryWideSparseRows_TakesNoMoreThanTheirEntries()
    {
        const int Width = 100_000_000;
        var examples = new ExampleSet(
            new CsrMatrix(4, Width, (int[])[0, 2, 3, 4, 6], (int[])[0, Width - 1, 5, 6, 7, Width - 2], (float[])[1, 2, 3, 4, 5, 6]), (int[])[0, 1, 0, 1]);
        VirtualClient[] clients = [new("client-0", [0]), new("client-1", [1, 2, 3])];
        var attack = (DataAttack)AttackCatalog.Create("backdoor:target=0,size=2,value=7,fraction=1");
        var dataset = new Dataset { Name = "wide", Format = DatasetFormat.Libsvm, Shape = ModelShape.Flat(Width), Examples = examples, ClassNames = ["a", "b"], Train = [0, 1], Test = [2, 3] };
        long before = GC.GetAllocatedBytesForCurrentThread();

        (ExampleSet poisoned, _) = attack.Poison(examples, dataset.Shape, 2, clients, [1], 7);
        ExampleSet test = PatchedTest.Of(dataset, attack.Patch!).Examples;

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        Assert.Equal([0, 2, 3, 4, 6, 9, 12, 15], poisoned.SparseFeatures!.RowPointers.ToArray());
        Assert.Equal([5, Width - 2, Width - 1, 6, Width - 2, Width - 1, 7, Width - 2, Width - 1], poisoned.SparseFeatures.ColumnIndices.ToArray()[6..]);
        Assert.Equal([3, 7, 7, 4, 7, 7, 5, 7, 7], poisoned.SparseFeatures.Values.ToArray()[6..]);
        Assert.Equal([0, 1, 0, 1, 0, 0, 0], poisoned.Labels.ToArray());
        Assert.Equal([7, Width - 2, Width - 1], test.SparseFeatures!.ColumnIndices.ToArray());
        Assert.Equal([5, 7, 7], test.SparseFeatures.Values.ToArray());
        Assert.Equal([0], test.Labels.ToArray());
    }

    // The array of features is never written: only as much of it is reserved as the operating system asks for.
    [Fact]
    public void DataAttack_MoreDenseCopiesThanAnArrayHolds_IsRefusedWithTheFigures()
    {
        const int Width = 100_000_000;
        var examples = new ExampleSet(new float[Width], Width, new int[1]);
        VirtualClient[] clients = [new("client-0", [.. Enumerable.Repeat(0, 25)])];

        var error = Assert.Throws<SimulationException>(
            () => ((DataAttack)AttackCatalog.Create("label-flip")).Poison(examples, ModelShape.Flat(Width), 2, clients, [0], 7));

        Assert.Contains("2600000000 floats", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backdoor_ColourAndFlatExamples_ArePatchedAtTheEnd()
    {
        var patch = new BackdoorPatch(0, 1, 9, 1);

        Assert.Equal([3, 7], patch.PlacesIn(ModelShape.Image(2, 2, 2)));
        Assert.Equal([2], patch.PlacesIn(ModelShape.Flat(3)));
        Assert.Equal([0, 1, 2], (patch with { Size = 5 }).PlacesIn(ModelShape.Flat(3)));
        Assert.Throws<SimulationException>(() => patch.PlacesIn(ModelShape.Text(3, 5)));
    }

    [Fact]
    public void Craft_NoHonestUpdate_IsRefused() =>
        Assert.Contains("no honest update", Assert.Throws<SimulationException>(
            () => ((ColludingAttack)AttackCatalog.Create("ipm")).Craft(new AttackRound { Honest = [], Byzantine = 1 })).Message, StringComparison.Ordinal);

    private static AttackRound Round(RobustRule? rule = null) => new() { Honest = RobustData.Memories(Honest), Byzantine = Byzantine, Rule = rule };

    private static float[] Craft(string text) => ((ColludingAttack)AttackCatalog.Create(text)).Craft(Round());

    private static float[] Corrupt(string text, float[] update)
    {
        float[] own = [.. update];
        ((LocalAttack)AttackCatalog.Create(text)).Corrupt(own, new CounterRandom(1, RandomPurpose.Attack));
        return own;
    }

    private static double Harm(RobustRule rule, float[] crafted)
    {
        float[] result = new float[Length];
        rule.Aggregate(new RobustInput { Updates = [.. RobustData.Memories(Honest), .. Enumerable.Repeat<ReadOnlyMemory<float>>(crafted, Byzantine)] }, result);
        return TensorPrimitives.Distance<float>(result, [.. Mean.Select(mean => (float)mean)]);
    }

    // Six images of 3×3 pixels, each filled with its number, which is its class too.
    private static (ExampleSet Examples, VirtualClient[] Clients) Images() => (
        new ExampleSet(Enumerable.Range(0, 54).Select(i => (float)(i / 9)).ToArray(), 9, Enumerable.Range(0, 6).ToArray()),
        [new VirtualClient("client-0", [0, 1, 2]), new VirtualClient("client-1", [3, 4, 5])]);

    private static void AssertClose(double[] expected, float[] actual) => RobustData.AssertClose(expected, [.. actual.Select(value => (double)value)], 1e-5);
}
