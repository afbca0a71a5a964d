using Federated.Client.Sparse;

namespace Federated.UnitTests.Sparse;

public sealed class CsrMatrixTests
{
    [Fact]
    public void FromDense_EmptyRows_KeepsOnlyWhatIsNotZero()
    {
        var matrix = CsrMatrix.FromDense(4, 3, [0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 3, 0]);

        Assert.Equal([0, 0, 2, 2, 3], matrix.RowPointers.ToArray());
        Assert.Equal([0, 2, 1], matrix.ColumnIndices.ToArray());
        Assert.Equal([1f, 2f, 3f], matrix.Values.ToArray());
        Assert.Equal(0.25, matrix.Density);
    }

    [Fact]
    public void FromActive_ZeroAmongTheActive_IsAnEntry()
    {
        var matrix = CsrMatrix.FromActive(2, 2, [5, 0, 0, 7], [0, 2]);

        Assert.Equal([5f, 0f], matrix.Values.ToArray());
        Assert.Equal([0, 1, 2], matrix.RowPointers.ToArray());
    }

    [Theory]
    [InlineData(new[] { 0, 1 }, new[] { 0 })]
    [InlineData(new[] { 1, 1, 1 }, new[] { 0 })]
    [InlineData(new[] { 0, 2, 1 }, new[] { 0 })]
    [InlineData(new[] { 0, 5, 1 }, new[] { 0 })]
    [InlineData(new[] { 0, 1, 1 }, new[] { 3 })]
    [InlineData(new[] { 0, 1, 1 }, new[] { -1 })]
    [InlineData(new[] { 0, 2, 2 }, new[] { 1, 1 })]
    [InlineData(new[] { 0, 2, 2 }, new[] { 2, 1 })]
    public void Constructor_BrokenStructure_IsRefused(int[] pointers, int[] columns)
    {
        Assert.Throws<ArgumentException>(() => new CsrMatrix(2, 3, pointers, columns, new float[columns.Length]));
    }

    [Theory]
    [InlineData(new[] { 2, 1 })]
    [InlineData(new[] { 4 })]
    [InlineData(new[] { -1 })]
    public void FromActive_BadIndex_IsRefused(int[] active)
    {
        Assert.Throws<ArgumentException>(() => CsrMatrix.FromActive(2, 2, [1, 2, 3, 4], active));
    }
}
