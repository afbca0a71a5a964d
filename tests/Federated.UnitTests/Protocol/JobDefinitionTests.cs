using System.Text;
using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Protocol;

public sealed class JobDefinitionTests
{
    [Fact]
    public void Validate_Defaults_AreGood() => Assert.Empty(JobDefinitionValidator.Validate(new JobDefinition()));

    [Fact]
    public void Parse_WhatToJsonWrote_GivesTheSameDocument()
    {
        var job = new JobDefinition
        {
            Name = "digits",
            TargetAccuracy = 0.9,
            Algorithm = new AlgorithmSettings { Name = "fedprox", Parameters = { ["mu"] = 0.1 } },
            Simulation = new SimulationSettings { Dataset = "digits", Clients = 100 },
        };

        JobDefinition read = JobDefinition.Parse(Encoding.UTF8.GetBytes(job.ToJson()));

        Assert.Equal(job.ToJson(), read.ToJson());
        Assert.Equal(0.1, read.Algorithm.Parameters["mu"]);
    }

    [Fact]
    public void Parse_PartialDocument_TakesTheDefaults()
    {
        JobDefinition read = JobDefinition.Parse("""{ "rounds": 7, /* short */ "local": { "epochs": 2, }, }"""u8);

        Assert.Equal(7, read.Rounds);
        Assert.Equal(2, read.Local.Epochs);
        Assert.Equal(32, read.Local.BatchSize);
        Assert.Equal("fedavg", read.Algorithm.Name);
    }

    [Theory]
    [InlineData("{ \"rounds\": \"many\" }", "$.rounds")]
    [InlineData("{ \"roundz\": 3 }", "roundz")]
    [InlineData("{\n \"local\": { \"epochs\": 1.5 } }", "line 2")]
    [InlineData("{ \"algorithm\": null }", "algorithm")]
    [InlineData("null", "null")]
    [InlineData("{", "malformed")]
    public void Parse_MalformedDocument_NamesTheMember(string json, string expected)
    {
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => JobDefinition.Parse(Encoding.UTF8.GetBytes(json)));

        Assert.Contains(expected, exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Validate_ManyMistakes_ReportsThemAll()
    {
        var job = new JobDefinition
        {
            Rounds = 0,
            Local = new LocalSettings { Epochs = 1, Steps = 1, LearningRate = double.NaN },
            Round = new RoundSettings { CohortSize = 5, MinimumToClose = 6, ReportGoal = 9 },
            ServerOptimizer = new ServerOptimizerSettings { Name = "lamb" },
            Statistics = new StatisticsSettings { Kinds = ["labels", "labels", "colours"], EveryRounds = -1, DeadlineSeconds = 0 },
        };

        IEnumerable<string> paths = JobDefinitionValidator.Validate(job).Select(error => error.Path);

        Assert.Equal(
            [
                "rounds", "local", "local.learningRate", "serverOptimizer.name", "round.reportGoal", "round.minimumToClose", "statistics.kinds",
                "statistics.kinds", "statistics.everyRounds", "statistics.deadlineSeconds",
            ],
            paths);
    }
}
