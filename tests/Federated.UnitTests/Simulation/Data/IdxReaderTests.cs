using Federated.Simulation;
using Federated.Simulation.Data;

namespace Federated.UnitTests.Simulation.Data;

public sealed class IdxReaderTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    public void Read_FolderWithTrainAndTest_KeepsTheTestPart(string extension)
    {
        WritePair("train", extension, 3, [0, 51, 102, 153, 204, 255], [7, 2, 7]);
        WritePair("t10k", extension, 1, [255, 0], [2]);

        LoadedData data = Read(_folder.Root);

        Assert.Equal([1, 1, 2], data.Shape.Dimensions);
        Assert.Equal([0, 0.2f, 0.4f, 0.6f, 0.8f, 1, 1, 0], data.Features);
        Assert.Equal([1, 0, 1, 0], data.Labels);
        Assert.Equal(["2", "7"], data.ClassNames);
        Assert.Equal(3, data.TestStart);
    }

    [Fact]
    public void Read_ImagesFile_FindsItsLabels()
    {
        WritePair("train", "", 2, [1, 2, 3, 4], [0, 1]);

        LoadedData data = Read(Path.Combine(_folder.Root, "train-images-idx3-ubyte"));

        Assert.Equal(2, data.Count);
        Assert.Equal(2, data.TestStart);
    }

    [Fact]
    public void Read_TruncatedImages_NamesFileAndByte()
    {
        _folder.Write("train-images-idx3-ubyte", DataFolder.Idx(8, [3, 1, 2], [1, 2, 3]));
        _folder.Write("train-labels-idx1-ubyte", DataFolder.Idx(8, [3], [0, 1, 2]));

        string message = Assert.Throws<SimulationException>(() => Read(_folder.Root)).Message;

        Assert.Contains("train-images-idx3-ubyte, byte 19: the file ends here", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TruncatedGzip_NamesFileAndByte()
    {
        string path = _folder.Write("train-images-idx3-ubyte.gz", DataFolder.Idx(8, [40, 10, 10], [.. Enumerable.Range(0, 4000).Select(i => (byte)(i * i))]));
        _folder.Write("train-labels-idx1-ubyte", DataFolder.Idx(8, [40], new byte[40]));
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);

        string message = Assert.Throws<SimulationException>(() => Read(_folder.Root)).Message;

        Assert.Matches(@"train-images-idx3-ubyte\.gz, byte \d+: ", message);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3, 4 }, "byte 0: expected the IDX magic")]
    [InlineData(new byte[] { 0, 0, 7, 3 }, "byte 2: element type 0x07")]
    [InlineData(new byte[] { 0, 0, 8, 9 }, "byte 3: 9 dimensions")]
    [InlineData(new byte[] { 0, 0 }, "byte 2: the file ends here")]
    [InlineData(new byte[] { 0, 0, 8, 3, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 4, 0, 0, 0, 4, 0 }, "elements; at most")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 1, 5, 5 }, "byte 9: the file goes on")]
    public void Read_DamagedHeader_SaysWhatWasExpected(byte[] file, string expected)
    {
        _folder.Write("train-images-idx3-ubyte", file);
        _folder.Write("train-labels-idx1-ubyte", DataFolder.Idx(8, [1], [0]));

        Assert.Contains(expected, Assert.Throws<SimulationException>(() => Read(_folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OtherNumberOfLabels_NamesBoth()
    {
        WritePair("train", "", 2, [1, 2, 3, 4], [0, 1, 1]);

        Assert.Contains("3 labels", Assert.Throws<SimulationException>(() => Read(_folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EmptyFolder_SaysWhichFilesAreExpected() =>
        Assert.Contains("train-images-idx3-ubyte", Assert.Throws<SimulationException>(() => Read(_folder.Root)).Message, StringComparison.Ordinal);

    private static LoadedData Read(string source) => DatasetReader.Read(new DatasetRequest { Source = source, Format = DatasetFormat.Idx });

    private void WritePair(string name, string extension, int count, byte[] pixels, byte[] labels)
    {
        _folder.Write($"{name}-images-idx3-ubyte{extension}", DataFolder.Idx(8, [count, 1, pixels.Length / count], pixels));
        _folder.Write($"{name}-labels-idx1-ubyte{extension}", DataFolder.Idx(8, [labels.Length], labels));
    }
}
