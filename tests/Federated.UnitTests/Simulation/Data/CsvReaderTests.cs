using Federated.Simulation;
using Federated.Simulation.Data;

namespace Federated.UnitTests.Simulation.Data;

public sealed class CsvReaderTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a,b,y\n1,2,0\n3,4,1\n")]
    [InlineData("1,2,0\n3,4,1\n")]
    [InlineData("a;b;y\r\n1;2;0\r\n\r\n3;4;1")]
    [InlineData("1\t2\t0\n3\t4\t1\n")]
    [InlineData("1  2 0\n 3 4   1\n")]
    [InlineData("\"a\",\"b\",\"y\"\n\"1\", 2 ,0\n3,4,1\n")]
    [InlineData("2,2,no,yes\n1,2,0\n3,4,1\n")]
    public void Read_CommonDialects_GivesTheSameMatrix(string text)
    {
        LoadedData data = Read(_folder.Write("x.csv", text));

        Assert.Equal([1, 2, 3, 4], data.Features);
        Assert.Equal([0, 1], data.Labels);
    }

    [Theory]
    [InlineData("y", new[] { 0, 1, 1 }, 2)]
    [InlineData("2", new[] { 0, 1, 1 }, 2)]
    [InlineData("y:>1", new[] { 0, 0, 1 }, 2)]
    [InlineData("y:>=1", new[] { 0, 1, 1 }, 2)]
    [InlineData("2:<2", new[] { 1, 1, 0 }, 2)]
    [InlineData("y:==3", new[] { 0, 0, 1 }, 2)]
    [InlineData("2:", new[] { 0, 1, 1 }, 2)]
    public void Read_LabelSpecifications_PickTheColumnAndTheClass(string label, int[] expected, int classes)
    {
        string path = _folder.Write("x.csv", "a,y,b\n9,-1,5\n8,1,5\n7,3,6\n");
        if (!label.Contains(':', StringComparison.Ordinal))
        {
            path = _folder.Write("x.csv", "a,y,b\n9,no,5\n8,yes,5\n7,yes,6\n");
        }

        LoadedData data = Read(path, label: label);

        Assert.Equal(expected, data.Labels);
        Assert.Equal(classes, data.ClassNames.Count);
        Assert.Equal([9, 5, 8, 5, 7, 6], data.Features);
    }

    [Fact]
    public void Read_NumericLabels_AreOrderedByValue()
    {
        LoadedData data = Read(_folder.Write("x.csv", "1,10\n1,9\n1,2.0\n1,2\n"));

        Assert.Equal(["2", "9", "10"], data.ClassNames);
        Assert.Equal([2, 1, 0, 0], data.Labels);
    }

    [Fact]
    public void Read_TextColumn_BecomesOneFeatureForEachCategory()
    {
        LoadedData data = Read(_folder.Write("x.csv", "size,colour,y\n1,red,0\n2,blue,1\n3,red,0\n"));

        Assert.Equal(["size", "colour=blue", "colour=red"], data.FeatureNames);
        Assert.Equal([1, 0, 1, 2, 1, 0, 3, 0, 1], data.Features);
        Assert.Equal([1, 2], data.Indicators.Order());
    }

    [Fact]
    public void Read_MissingMedian_LeavesHolesForTheMedian()
    {
        LoadedData data = Read(_folder.Write("x.data", "1,?,0\n2,5,1\n"), missing: "?:median");

        Assert.Equal([1, float.NaN, 2, 5], data.Features);
    }

    [Fact]
    public void Read_MissingDrop_LeavesLinesOutAndSaysSo()
    {
        LoadedData data = Read(_folder.Write("x.data", "1,?,0\n2,5,1\n3,6,0\n"), missing: "?:drop");

        Assert.Equal([2, 5, 3, 6], data.Features);
        Assert.Equal([1, 0], data.Labels);
        Assert.Contains("1 lines", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Folder_GivesEachFileAsSite()
    {
        _folder.Write("b.data", "1,0\n2,1\n");
        _folder.Write("a.csv.gz", "3,0\n");
        _folder.Write("notes.md", "not data");

        LoadedData data = Read(_folder.Root);

        Assert.Equal("site", data.Groups!.Kind);
        Assert.Equal(["a", "b"], data.Groups.Names);
        Assert.Equal([0, 1, 1], data.Groups.Codes);
        Assert.Equal([3, 1, 2], data.Features);
    }

    [Fact]
    public void Read_FolderWithTrainAndTest_KeepsTheTestPart()
    {
        _folder.Write("test.csv", "9,1\n");
        _folder.Write("train.csv", "3,0\n4,1\n");

        LoadedData data = Read(_folder.Root);

        Assert.Null(data.Groups);
        Assert.Equal([3, 4, 9], data.Features);
        Assert.Equal(2, data.TestStart);
    }

    [Fact]
    public void Read_GroupColumn_IsNoFeature()
    {
        string path = _folder.Write("x.csv", "user,a,y\nu2,1,0\nu1,2,1\nu2,3,1\n");

        LoadedData data = DatasetReader.Read(new DatasetRequest { Source = path, GroupColumn = "user" });

        Assert.Equal([1, 2, 3], data.Features);
        Assert.Equal(["u1", "u2"], data.Groups!.Names);
        Assert.Equal([1, 0, 1], data.Groups.Codes);
    }

    [Theory]
    [InlineData("1,2,0\n3,1\n", null, null, "line 2: 2 cells; expected 3")]
    [InlineData("1,2,0\n3,x,1\n4,5,1\n", null, null, "line 2: column 2: expected a finite number, found 'x'")]
    [InlineData("1,2,0\n3,?,1\n4,5,1\n", null, null, "--missing \"?:median\"")]
    [InlineData("1,2,0\n3,,1\n4,5,1\n", null, null, "line 2: column 2 is empty")]
    [InlineData("1,2,0\n3,nan,1\n4,5,1\n", null, null, "line 2: column 2: expected a finite number, found 'nan'")]
    [InlineData("1,2,0\n3,1e99,1\n4,5,1\n", null, null, "found '1e99'")]
    [InlineData("1,2,0\n3,\"4,1\n", null, null, "line 2: a quoted cell is not closed")]
    [InlineData("1,2,0\n3,4,1\n", "5", null, "label '5' is no column")]
    [InlineData("a,b,y\n3,4,1\n", "z", null, "the columns a, b, y")]
    [InlineData("1,2,0\n3,4,1\n", "3:>x", null, "'x' is not a number")]
    [InlineData("1,2,0\n3,4,?\n", null, "?:median", "the label in column 3 is missing")]
    [InlineData("1,2,0\n3,4,1\n", null, "?:mean", "'mean' is unknown")]
    [InlineData("1,?,0\n3,?,1\n", null, "?:drop", "all 2 lines miss a value")]
    [InlineData("", null, null, "line 1: the file has no lines")]
    public void Read_BadFile_NamesTheLineAndTheCure(string text, string? label, string? missing, string expected)
    {
        string path = _folder.Write("bad.csv", text);

        string message = Assert.Throws<SimulationException>(() => Read(path, label, missing)).Message;

        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_QuantityAsLabel_AsksForAThreshold()
    {
        string path = _folder.Write("x.csv", string.Join('\n', Enumerable.Range(0, 50).Select(i => $"{i},{i / 7.0:R}".Replace("\"", "", StringComparison.Ordinal))));

        Assert.Contains(":>THRESHOLD", Assert.Throws<SimulationException>(() => Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TextColumnWithTooManyValues_NamesTheColumn()
    {
        string path = _folder.Write("x.csv", "name,a,y\n" + string.Join('\n', Enumerable.Range(0, 70).Select(i => $"n{i},1,{i % 2}")));

        Assert.Contains("--ignore \"name\"", Assert.Throws<SimulationException>(() => Read(path)).Message, StringComparison.Ordinal);
        Assert.Equal(["a"], DatasetReader.Read(new DatasetRequest { Source = path, Ignore = ["name"] }).FeatureNames);
    }

    [Fact]
    public void Read_FilesWithOtherColumns_NamesBoth()
    {
        _folder.Write("a.csv", "1,2,0\n");
        _folder.Write("b.csv", "1,0\n");

        string message = Assert.Throws<SimulationException>(() => Read(_folder.Root)).Message;

        Assert.Contains("b.csv, line 1: 2 columns", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BinaryFile_SaysThatItIsNoText()
    {
        string path = _folder.Write("x.csv", [1, 2, 0xFF, 0xFE, 0xC0, 10]);

        Assert.Contains("expected UTF-8 text", Assert.Throws<SimulationException>(() => Read(path)).Message, StringComparison.Ordinal);
    }

    private static LoadedData Read(string source, string? label = null, string? missing = null) =>
        DatasetReader.Read(new DatasetRequest { Source = source, Format = DatasetFormat.Csv, Label = label, Missing = missing });
}
