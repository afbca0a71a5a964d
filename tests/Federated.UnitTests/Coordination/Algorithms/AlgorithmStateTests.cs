using Federated.Coordination.Algorithms;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Coordination.Algorithms;

public sealed class AlgorithmStateTests
{
    [Fact]
    public void Parse_OfAFile_GivesWhatWasWritten()
    {
        byte[] file = new AlgorithmState("test/1").With("a", [1f, 2f]).With("n", 7).With("b", [3f]).With("empty", []).ToFile();

        AlgorithmState state = AlgorithmState.Parse(file);

        Assert.Equal("test/1", state.Format);
        Assert.Equal([1f, 2f], state.Vector("a", 2).ToArray());
        Assert.Equal([3f], state.Vector("b", 1).ToArray());
        Assert.Equal(0, state.Vector("empty", 0).Length);
        Assert.Equal(7, state.Number("n"));
    }

    [Fact]
    public void Vector_WrongNameOrLength_Throws()
    {
        AlgorithmState state = new AlgorithmState("test/1").With("a", [1f, 2f]);

        Assert.Throws<InvalidDataException>(() => state.Vector("b", 2).Length);
        Assert.Throws<InvalidDataException>(() => state.Vector("a", 3).Length);
        Assert.Throws<InvalidDataException>(() => state.Number("a"));
    }

    [Fact]
    public void Parse_OfAModel_Throws()
    {
        byte[] model = ModelFile.Write(ModelContent.Zeros(new ModelSchema([new TensorSpec("w", [1L])], architecture: "logistic")));

        Assert.Throws<InvalidDataException>(() => AlgorithmState.Parse(model));
    }
}
