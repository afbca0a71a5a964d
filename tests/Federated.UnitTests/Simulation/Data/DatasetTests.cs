using Federated.Simulation;
using Federated.Simulation.Data;

namespace Federated.UnitTests.Simulation.Data;

public sealed class DatasetTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_Digits_ComesWithTheApplication()
    {
        Dataset digits = Dataset.Load(new DatasetRequest { Source = "digits" }, 0.2, FeatureScaling.Auto, seed: 1);

        Assert.Equal(1797, digits.Train.Length + digits.Test.Length);
        Assert.Equal(359, digits.Test.Length);
        Assert.Equal(10, digits.ClassCount);
        Assert.Equal([1, 8, 8], digits.Shape.Dimensions);
        Assert.Empty(digits.Train.Intersect(digits.Test));
    }

    [Fact]
    public void Load_HeartDisease_HasFourSitesAndNoHoles()
    {
        Dataset heart = Dataset.Load(new DatasetRequest { Source = "heart-disease" }, 0.2, FeatureScaling.Auto, seed: 1);

        Assert.Equal(920, heart.Examples.Count);
        Assert.Equal(4, heart.Groups!.Names.Count);
        Assert.DoesNotContain(heart.Examples.Features.ToArray(), value => !float.IsFinite(value));
        Assert.Equal(2, heart.ClassCount);
    }

    [Fact]
    public void Load_TestPart_KeepsTheSharesOfTheClasses()
    {
        string path = _folder.Write("x.csv", string.Join('\n', Enumerable.Range(0, 100).Select(i => $"{i},{(i < 80 ? 0 : 1)}")));

        Dataset data = Dataset.Load(new DatasetRequest { Source = path }, 0.25, FeatureScaling.None, seed: 5);

        int[] labels = data.Examples.Labels.ToArray();
        Assert.Equal(25, data.Test.Length);
        Assert.Equal(5, data.Test.Count(row => labels[row] == 1));
    }

    [Fact]
    public void Load_Standardised_UsesTheTrainingPartOnly()
    {
        string train = _folder.Write("train.csv", "1,7,0\n3,7,1\n");
        _folder.Write("test.csv", "101,7,1\n");

        Dataset data = Dataset.Load(new DatasetRequest { Source = Path.GetDirectoryName(train)! }, 0.2, FeatureScaling.Auto, seed: 1);

        // Mean 2, deviation 1 over the two training rows; the second feature is constant.
        Assert.Equal([-1, 0, 1, 0, 99, 0], data.Examples.Features.ToArray());
    }

    [Theory]
    [InlineData("1 1:1\n0 2:1\n1 3:2\n0 4:1\n", FeatureScaling.Auto, true)]
    [InlineData("1 1:1\n0 2:1\n1 3:2\n0 4:1\n", FeatureScaling.None, true)]
    [InlineData("1 1:1\n0 2:1\n1 3:2\n0 4:1\n", FeatureScaling.Standard, false)]
    [InlineData("1 1:1 2:1\n0 2:1\n1 3:2\n0 4:1\n", FeatureScaling.Auto, false)]
    public void Load_Libsvm_StaysSparseWhereFewFeaturesAreSetAndNoneIsScaled(string text, FeatureScaling scaling, bool sparse)
    {
        Dataset data = Dataset.Load(new DatasetRequest { Source = _folder.Write("a.libsvm", text) }, 0.25, scaling, seed: 1);

        float[] row = new float[4];
        data.Examples.CopyRow(2, row);
        Assert.Equal(sparse, data.Examples.SparseFeatures is not null);
        Assert.True(scaling == FeatureScaling.Standard ? row[0] < 0 : row.SequenceEqual([0f, 0, 2, 0]), string.Join(' ', row));
    }

    [Fact]
    public void Load_MissingValues_TakeTheMedianOfTheTrainingPart()
    {
        string train = _folder.Write("train.csv", "1,0\n?,1\n3,0\n10,1\n");
        _folder.Write("test.csv", "?,1\n1000,0\n");

        Dataset data = Dataset.Load(
            new DatasetRequest { Source = Path.GetDirectoryName(train)!, Missing = "?" }, 0.2, FeatureScaling.None, seed: 1);

        Assert.Equal([1, 3, 3, 10, 3, 1000], data.Examples.Features.ToArray());
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.999)]
    public void Load_ImpossibleFraction_Throws(double fraction)
    {
        string path = _folder.Write("x.csv", "1,0\n2,1\n3,0\n");

        Assert.Contains("test fraction", Assert.Throws<SimulationException>(() =>
            Dataset.Load(new DatasetRequest { Source = path }, fraction, FeatureScaling.None, seed: 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_UnknownName_ListsTheBundledOnes() =>
        Assert.Contains("digits", Assert.Throws<SimulationException>(() =>
            Dataset.Load(new DatasetRequest { Source = "no-such-data" }, 0.2, FeatureScaling.Auto, 1)).Message, StringComparison.Ordinal);
}
