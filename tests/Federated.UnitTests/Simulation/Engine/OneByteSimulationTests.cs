using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class OneByteSimulationTests
{
    private static readonly string[] Refusals = ["table", "pool", "attack", "nodes", "aggregation.rule: 'median'", "compression.up: 'q4'"];

    [Theory]
    [InlineData("logistic", 0)]
    [InlineData("logistic", 1)]
    [InlineData("cnn", 0)]
    public void Run_AnyNumberOfWorkers_EndsInTheSameState(string model, double floatWeights)
    {
        SimulationRequest request = Request(model, rounds: 4, (OneByteRun.FloatWeights, floatWeights), (OneByteRun.Probes, 2)) with { DropOut = 0.2 };

        ResultDocument[] results = [.. Enumerable.Range(1, 3).Select(workers => Result(request with { Workers = workers }))];

        Assert.Single(results.Select(result => result.Final.StateSha256).Distinct());
        Assert.Single(results.Select(result => string.Join(',', result.Rounds.Select(round => $"{round.TrainingLoss}:{round.BytesDown}:{round.Slopes}"))).Distinct());
        Assert.Single(results.Select(result => string.Join(',', result.Failures)).Distinct());
        Assert.NotEqual(results[0].Final.StateSha256, Result(request with { Job = request.Job with { Seed = 12 } }).Final.StateSha256);
    }

    [Fact]
    public void Run_Digits_LearnsWithForwardPassesAlone()
    {
        SimulationOutcome outcome = Requests.Run(Request("logistic", rounds: 150, (OneByteRun.Probes, 4)), cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(outcome.Final!.Value.Accuracy > 0.8, $"accuracy {outcome.Final.Value.Accuracy}");
        Assert.All(outcome.Rounds, round => Assert.Equal(0, round.Gradients));
        Assert.All(outcome.Rounds, round => Assert.True(round.Slopes!.Saturated <= round.Slopes.Count / 100, $"{round.Slopes}"));
    }

    [Fact]
    public void Run_Bytes_AreOneAGradientAndTheFraming()
    {
        ResultDocument result = Result(Request("logistic", rounds: 3, (OneByteRun.Probes, 5), (OneByteRun.Samples, 2)));

        Assert.All(result.Rounds, round => Assert.Equal(6 * (18 + 10), round.BytesUp));
        Assert.All(result.Rounds, round => Assert.Equal(60, round.Slopes!.Count));

        // Framing of a record: 14 bytes, and 3 for each machine below 128.
        Assert.All(result.Rounds, round => Assert.Equal(14 + (6 * (3 + 10)), round.Slopes!.LogBytes));

        // At first everybody gets the settings, 110 bytes with momentum, and the model.
        Assert.Equal(6 * (110 + ModelFile.SizeOf(LinearModel.CreateSchema(64, 10))), result.Rounds[0].BytesDown);
    }

    [Fact]
    public void Validate_WhatDoesNotGoWithIt_NamesEachWithItsReason()
    {
        SimulationRequest request = Request("logistic", rounds: 1, (OneByteRun.Noise, 3), (OneByteRun.Pool, 16));
        request = request with
        {
            Attack = "alie",
            Byzantine = 1,
            Nodes = 2,
            Job = request.Job with { Aggregation = new() { Rule = "median" }, Compression = new() { Up = "q4" } },
        };

        string problems = string.Join('\n', SimulationSetup.Validate(request));

        Assert.All(Refusals, expected => Assert.Contains(expected, problems, StringComparison.Ordinal));
    }

    private static ResultDocument Result(SimulationRequest request) =>
        ResultDocuments.Create(Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken), 0);

    private static SimulationRequest Request(string model, int rounds, params (string Name, double Value)[] parameters)
    {
        SimulationRequest request = Requests.Digits(model, rounds);
        return request with
        {
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings { Name = OneByteRun.Algorithm, Parameters = parameters.ToDictionary(pair => pair.Name, pair => pair.Value) },
                Local = request.Job.Local with { LearningRate = 2e-3, Momentum = 0.9, BatchSize = 32 },
                Evaluation = new EvaluationSettings { EveryRounds = rounds },
            },
        };
    }
}
