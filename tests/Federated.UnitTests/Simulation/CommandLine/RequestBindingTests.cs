using System.CommandLine;
using Federated.Protocol.Jobs;
using Federated.Samples.Simulation;
using Federated.Simulation;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;

namespace Federated.UnitTests.Simulation.CommandLine;

public sealed class RequestBindingTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bind_Nothing_TrainsTheDigits()
    {
        SimulationRequest request = Bind();

        Assert.Equal("digits", request.Dataset.Source);
        Assert.Equal("dirichlet:0.3", request.Partition.ToString());
        Assert.Equal(20, request.Job.Round.CohortSize);
        Assert.Equal("fedavg", request.Job.Algorithm.Name);
        Assert.Equal(1, request.Job.Evaluation.EveryRounds);
        Assert.True(request.FitCohort);
        Assert.Empty(JobDefinitionValidator.Validate(request.Job));
    }

    [Fact]
    public void Bind_FolderOfTables_TakesSitesAndLogisticRegression()
    {
        _folder.Write("a.csv", "1,0\n");
        _folder.Write("b.csv", "1,1\n");

        SimulationRequest request = Bind("--dataset", _folder.Root);

        Assert.Equal("site", request.Partition.ToString());
        Assert.Equal("logistic", request.Job.Model);
    }

    [Fact]
    public void Bind_Statistics_AsksForThem()
    {
        SimulationRequest request = Bind("--statistics", "features", "labels", "--statistics-every", "3");

        Assert.Equal(["features", "labels"], request.Job.Statistics.Kinds);
        Assert.Equal(3, request.Job.Statistics.EveryRounds);
        Assert.Contains("statistics.kinds", Assert.Throws<SimulationException>(() => Bind("--statistics", "colours")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_Pruning_TakesLateUpdatesAndGradientsAsAsked()
    {
        PruningSettings pruning = Bind("--algorithm", "fedbuff", "--pruning", "feddst", "--pruning-stale", "refuse", "--pruning-gradient-values", "f16").Job.Pruning;

        Assert.Equal(("refuse", "f16"), (pruning.Stale, pruning.GradientValues));
        Assert.Equal((null, "f32"), (Bind("--pruning", "feddst").Job.Pruning.Stale, Bind().Job.Pruning.GradientValues));
        Assert.Contains("pruning.stale", Assert.Throws<SimulationException>(() => Bind("--pruning-stale", "keep")).Message, StringComparison.Ordinal);
        Assert.Contains("pruning.gradientValues", Assert.Throws<SimulationException>(() => Bind("--pruning-gradient-values", "f8")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_JobFileAndFlags_FlagsWin()
    {
        string job = _folder.Write("job.json", new JobDefinition
        {
            Model = "mlp",
            Rounds = 7,
            Seed = 5,
            Local = new LocalSettings { Epochs = 3, LearningRate = 0.5 },
            Simulation = new SimulationSettings { Dataset = "digits", Partition = "iid", Clients = 10, DropOut = 0.25 },
        }.ToJson());

        SimulationRequest request = Bind("--job", job, "--rounds", "9", "--local-steps", "4", "--partition", "shards:2");

        Assert.Equal((9, 5UL, "mlp"), (request.Job.Rounds, request.Job.Seed, request.Job.Model));
        Assert.Equal((0, 4, 0.5), (request.Job.Local.Epochs, request.Job.Local.Steps, request.Job.Local.LearningRate));
        Assert.Equal("shards:2", request.Partition.ToString());
        Assert.Equal((10, 0.25), (request.Clients!.Value, request.DropOut));
    }

    [Fact]
    public void Bind_SeveralMistakes_NamesThemAll()
    {
        string message = Assert.Throws<SimulationException>(() => Bind(
            "--partition", "shards:0", "--image", "3", "--format", "xml", "--model-option", "colour=red", "--scale", "big", "--rounds", "0", "--dropout", "3", "--job", Path.Combine(_folder.Root, "none.json"))).Message;

        foreach (string part in new[] { "shards:0", "format 'xml'", "'colour' is unknown", "scale 'big'", "rounds: 0", "dropout 3", "none.json" })
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--separator", "tab", '\t')]
    [InlineData("--separator", ";", ';')]
    public void Bind_Separator_IsACharacter(string option, string value, char expected) => Assert.Equal(expected, Bind(option, value).Dataset.Separator);

    [Fact]
    public void Bind_Image_IsAShape() => Assert.Equal([3, 4, 5], Bind("--image", "3x4x5").Dataset.ImageShape!.Dimensions);

    [Fact]
    public void Options_EachHasHelp() => Assert.All(new RunOptions().All, option => Assert.True(option.Description?.Length > 10, option.Name));

    [Fact]
    public void Bind_DatasetRequest_KeepsEveryReadingOption()
    {
        DatasetRequest data = Bind("--dataset", _folder.Write("x.csv", "1,0\n"), "--label", "2:>0", "--missing", "?:drop", "--ignore", "1", "--header", "no", "--sequence-length", "5").Dataset;

        Assert.Equal(("2:>0", "?:drop", false, 5), (data.Label, data.Missing, data.Header!.Value, data.SequenceLength));
        Assert.Equal(["1"], data.Ignore);
    }

    private static SimulationRequest Bind(params string[] arguments)
    {
        var options = new RunOptions();
        var command = new Command("run");
        foreach (Option option in options.All)
        {
            command.Options.Add(option);
        }

        return new RequestBinding(options, command.Parse(arguments)).Bind();
    }
}
