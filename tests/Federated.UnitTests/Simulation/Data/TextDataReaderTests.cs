using Federated.Simulation;
using Federated.Simulation.Data;

namespace Federated.UnitTests.Simulation.Data;

public sealed class TextDataReaderTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_PlainText_PredictsTheNextCharacter()
    {
        LoadedData data = Read("abcab", 2);

        Assert.Equal([0, 1, 2, 0], data.Features);
        Assert.Equal([1, 2, 0, 1], data.Labels);
        Assert.Equal(["a", "b", "c"], data.ClassNames);
        Assert.Null(data.Groups);
    }

    [Fact]
    public void Read_Play_DividesBySpeaker()
    {
        LoadedData data = Read("ROMEO:\nabc\n\nJULIET:\nde\n\nROMEO:\nfg\n\nNURSE:\nx\n", 2);

        Assert.Equal("speaker", data.Groups!.Kind);
        Assert.Equal(["ROMEO", "JULIET"], data.Groups.Names);
        // ROMEO says "abc\nfg\n": three windows of two; JULIET "de\n": one; NURSE "x\n": none.
        Assert.Equal([0, 0, 0, 1], data.Groups.Codes);
        Assert.Contains("1 speakers", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooShort_SaysHowLongAWindowIs() =>
        Assert.Contains("no window of 80", Assert.Throws<SimulationException>(() => Read("short", 80)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_NoText_NamesTheByte()
    {
        string path = _folder.Write("x.txt", [65, 66, 0xFF, 67]);

        string message = Assert.Throws<SimulationException>(() => DatasetReader.Read(new DatasetRequest { Source = path, Format = DatasetFormat.Text })).Message;

        Assert.Contains("x.txt, byte 2: expected UTF-8 text", message, StringComparison.Ordinal);
    }

    private LoadedData Read(string text, int length) =>
        DatasetReader.Read(new DatasetRequest { Source = _folder.Write("x.txt", text), Format = DatasetFormat.Text, SequenceLength = length });
}
