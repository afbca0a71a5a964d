using Federated.Client.Sparse;
using Federated.Client.Training;

namespace Federated.UnitTests.Training;

public class ExampleSetTests
{
    private static readonly float[] Dense = [0, 2, 0, 0, 0, 0, -1, 0, 3];
    private static readonly int[] Labels = [1, 0, 4];

    [Fact]
    public void CopyRow_DenseOrSparse_GivesTheSameRow()
    {
        var dense = new ExampleSet(Dense, 3, Labels);
        ExampleSet sparse = Sparse();

        for (int row = 0; row < 3; row++)
        {
            float[] expected = [9, 9, 9, 9], actual = [9, 9, 9, 9];
            dense.CopyRow(row, expected);
            sparse.CopyRow(row, actual);

            Assert.Equal([.. Dense[(3 * row)..(3 * (row + 1))], 9], expected);
            Assert.Equal(expected, actual);
        }

        Assert.Equal((3, 3, 5), (sparse.Count, sparse.FeatureLength, sparse.ClassCount));
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(3, 3)]
    [InlineData(0, 2)]
    public void CopyRow_OutsideTheSetOrTooShort_IsRefused(int row, int length)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExampleSet(Dense, 3, Labels).CopyRow(row, new float[length]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sparse().CopyRow(row, new float[length]));
    }

    [Fact]
    public void Features_OfSparseRows_AreRefused() => Assert.Throws<InvalidOperationException>(() => Sparse().Features);

    [Fact]
    public void Create_OtherNumbersOfRowsAndLabels_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new ExampleSet(Dense, 3, Labels.AsMemory(1)));
        Assert.Throws<ArgumentException>(() => new ExampleSet(CsrMatrix.FromDense(3, 3, Dense), Labels.AsMemory(1)));
        Assert.Throws<ArgumentException>(() => new ExampleSet(CsrMatrix.FromDense(3, 3, Dense), Labels, labelLength: 2));
    }

    private static ExampleSet Sparse() => new(CsrMatrix.FromDense(3, 3, Dense), Labels);
}
