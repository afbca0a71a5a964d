using Federated.Coordination.Compression;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Compression;

public sealed class CompressionNotesTests
{
    private static readonly ModelSchema Schema = new([new TensorSpec("x", [1000])]);

    [Theory]
    [InlineData("none", null, 0, "")]
    [InlineData("q4", null, 1, "at worst")]
    [InlineData("topk:0.1+econtrol", null, 1, "contraction 0.1, 0.1 at worst, eta 0.05")]
    [InlineData("topk:0.1+econtrol", 0.1, 1, "eta 0.1")]
    [InlineData("topk:0.1+econtrol", 0.3, 2, "warning: eta 0.3 is above the contraction 0.1")]
    public void Of_Job_TellsContractionAndWarnsOfALargeEta(string up, double? eta, int count, string last)
    {
        var job = new JobDefinition { Compression = new CompressionSettings { Up = up, Eta = eta } };

        IReadOnlyList<string> notes = CompressionNotes.Of(job, Schema);

        Assert.Equal(count, notes.Count);
        Assert.Contains(last, notes.Count > 0 ? notes[^1] : "", StringComparison.Ordinal);
    }
}
