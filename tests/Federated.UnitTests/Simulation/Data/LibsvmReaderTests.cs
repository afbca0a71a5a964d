using Federated.Simulation;
using Federated.Simulation.Data;

namespace Federated.UnitTests.Simulation.Data;

public sealed class LibsvmReaderTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_SparseLines_KeepsTheEntries()
    {
        LoadedData data = Read("-1 1:0.5 3:2 \n+1 2:-1e1 # a note\n\n-1\n");

        Assert.Equal([0, 2, 3, 3], data.Sparse!.RowPointers.ToArray());
        Assert.Equal([0, 2, 1], data.Sparse.ColumnIndices.ToArray());
        Assert.Equal([0.5f, 2, -10], data.Sparse.Values.ToArray());
        Assert.Equal(3, data.Sparse.Columns);
        Assert.Equal([0, 1, 0], data.Labels);
        Assert.Equal(["-1", "1"], data.ClassNames);
    }

    [Fact]
    public void Read_IndicesFromZero_AreKept() => Assert.Equal([0, 1], Read("0 0:1 1:2\n").Sparse!.ColumnIndices.ToArray());

    [Fact]
    public void Read_TestFile_SharesTheColumns()
    {
        string train = _folder.Write("a.libsvm", "1 1:1\n0 2:1\n");
        string test = _folder.Write("a.t", "1 3:1\n");

        LoadedData data = DatasetReader.Read(new DatasetRequest { Source = train, TestSource = test });

        Assert.Equal([3], data.Shape.Dimensions);
        Assert.Equal(2, data.TestStart);
    }

    [Theory]
    [InlineData("1 1:1\nx 1:1\n", "line 2: expected a numeric label, found 'x'")]
    [InlineData("1 1:1\n1 2\n", "line 2: expected index:value with finite numbers, found '2'")]
    [InlineData("1 1:nan\n", "line 1: expected index:value")]
    [InlineData("1 2:1 2:1\n", "line 1: index 2 after 2")]
    [InlineData("1,2 1:1\n", "several labels")]
    [InlineData("\n", "no examples")]
    public void Read_BadLine_NamesIt(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<SimulationException>(() => Read(text)).Message, StringComparison.Ordinal);

    private LoadedData Read(string text) =>
        DatasetReader.Read(new DatasetRequest { Source = _folder.Write("x.txt", text), Format = DatasetFormat.Libsvm });
}
