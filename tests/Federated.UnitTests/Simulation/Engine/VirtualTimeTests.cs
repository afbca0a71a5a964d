using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

/// <summary>Simulations with devices: what takes how long, who is late, and that the number of workers decides nothing.</summary>
public sealed class VirtualTimeTests
{
    public static TheoryData<string> Asynchronous => ["afa-cd", "afa-cs", "fedbuff", "fedasync"];

    [Theory]
    [InlineData("fedavg", "mixed")]
    [InlineData("fednova", "phones")]
    [InlineData("afa-cd", "mixed")]
    [InlineData("afa-cs", "mixed")]
    [InlineData("fedbuff", "phones")]
    [InlineData("fedasync", "mixed")]
    public void Run_AnyNumberOfWorkers_GivesTheSameBytesAndTheSameTime(string algorithm, string devices)
    {
        ResultDocument[] results = [.. Enumerable.Range(1, 2).Select(workers => Run(Request(algorithm, devices, rounds: 12) with { Workers = workers }))];

        Assert.Single(results.Select(result => result.Final.ModelSha256).Distinct());
        Assert.Single(results.Select(Figures).Distinct());
        Assert.Single(results.Select(result => string.Join(',', result.Failures)).Distinct());
        Assert.NotEqual(results[0].Final.ModelSha256, Run(Reseeded(Request(algorithm, devices, rounds: 12))).Final.ModelSha256);
    }

    [Theory]
    [MemberData(nameof(Asynchronous))]
    public void Run_AsynchronousDigits_Learns(string algorithm)
    {
        SimulationRequest request = Request(algorithm, "uniform", rounds: algorithm == "fedasync" ? 200 : 40);
        double rate = algorithm.StartsWith("afa", StringComparison.Ordinal) ? 8 : 1;
        request = request with { Job = request.Job with { ServerOptimizer = new() { LearningRate = rate } } };

        ResultDocument result = Run(request);

        Assert.True(result.Final.Accuracy > 0.75, $"accuracy {result.Final.Accuracy}");
        Assert.Equal(result.Rounds.Sum(round => round.Counted), result.Staleness.Sum());
    }

    [Theory]
    [InlineData("afa-cd", "q8")]
    [InlineData("afa-cs", "q8s")]
    [InlineData("fedbuff", "topk:0.1")]
    [InlineData("fedbuff", "randk:0.1+q8")]
    [InlineData("fedasync", "q4")]
    public void Run_AsynchronousCompressed_SendsFewerBytesInLessTimeWithAnyWorkers(string algorithm, string up)
    {
        DeviceProfile slowLinks = Profile(new DeviceClass { Name = "far", UpBytesPerSecond = 500, Spread = 0.2 });
        SimulationRequest dense = Request(algorithm, "uniform", rounds: 12) with { Devices = slowLinks };
        SimulationRequest compressed = dense with { Job = dense.Job with { Compression = new CompressionSettings { Up = up } } };

        ResultDocument plain = Run(dense);
        ResultDocument[] results = [.. Enumerable.Range(1, 2).Select(workers => Run(compressed with { Workers = workers }))];

        Assert.Single(results.Select(result => result.Final.ModelSha256).Distinct());
        Assert.NotEqual(plain.Final.ModelSha256, results[0].Final.ModelSha256);
        Assert.True(results[0].BytesUp < 0.4 * plain.BytesUp, $"{results[0].BytesUp} against {plain.BytesUp} bytes");
        Assert.True(results[0].SimulatedSeconds < plain.SimulatedSeconds, $"{results[0].SimulatedSeconds} against {plain.SimulatedSeconds} s");
        Assert.All(results[0].Rounds, round => Assert.Equal(round.Counted, round.Compression.Count));
    }

    [Theory]
    [InlineData("fedbuff", "topk:0.1+ec", "none", "compression.up")]
    [InlineData("afa-cs", "topk:0.1+econtrol", "none", "compression.up")]
    [InlineData("fedasync", "none", "q8", "compression.down")]
    public void Validate_AsynchronousWithWhatNeedsRounds_SaysWhy(string algorithm, string up, string down, string path)
    {
        SimulationRequest request = Request(algorithm, "uniform", rounds: 3);
        request = request with { Job = request.Job with { Compression = new CompressionSettings { Up = up, Down = down } } };

        string problem = Assert.Single(SimulationSetup.Validate(request));

        Assert.StartsWith(path, problem, StringComparison.Ordinal);
        Assert.Contains("asynchronous", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_UniformDevices_RoundTakesAsLongAsItsLargestClient()
    {
        SimulationRequest request = Request("fedavg", "uniform", rounds: 3);

        ResultDocument result = Run(request);

        // 10 steps a second, one epoch in batches of 8 a round; everybody takes part.
        double slowest = result.Clients.Max(client => Math.Ceiling(client.Examples / 8.0)) / 10;
        double busy = result.Clients.Sum(client => Math.Ceiling(client.Examples / 8.0)) / 10;
        Assert.All(result.Rounds, round => Assert.Equal(round.Round * slowest, round.SimulatedSeconds!.Value, 1e-4));
        Assert.Equal(3 * busy, result.ClientSeconds!.Value, 1e-4);
        Assert.Empty(result.Staleness);
    }

    [Fact]
    public void Run_Stragglers_AreLeftBehindAtTheDeadline()
    {
        SimulationRequest request = Request("fedavg", "uniform", rounds: 2) with
        {
            Devices = Profile(new DeviceClass { Name = "fast" }, new DeviceClass { Name = "slow", StepsPerSecond = 0.01 }),
        };
        request = request with { Job = request.Job with { Round = request.Job.Round with { DeadlineSeconds = 30 } } };

        ResultDocument result = Run(request);

        Assert.Equal([30.0, 60.0], result.Rounds.Select(round => round.SimulatedSeconds!.Value));
        Assert.All(result.Failures, failure => Assert.Equal("too-late", failure.Kind));
        Assert.All(result.Rounds, round => Assert.Equal(round.Selected, round.Counted + result.Failures.Count(failure => failure.Round == round.Round)));
        Assert.InRange(result.Failures.Count, 2, 38);
    }

    [Fact]
    public void Run_OverSelection_CountsTheFastest()
    {
        SimulationRequest request = Request("fedavg", "uniform", rounds: 4) with
        {
            Devices = Profile(new DeviceClass { Name = "fast" }, new DeviceClass { Name = "slow", StepsPerSecond = 0.1 }),
        };
        SimulationRequest plain = request with { Job = request.Job with { Round = new() { CohortSize = 5 } } };
        SimulationRequest more = request with { Job = request.Job with { Round = new() { CohortSize = 5, OverSelection = 3 } } };

        ResultDocument slow = Run(plain), fast = Run(more);

        Assert.All(fast.Rounds, round => Assert.Equal((15, 5), (round.Selected, round.Counted)));
        Assert.True(fast.SimulatedSeconds < slow.SimulatedSeconds / 2, $"{fast.SimulatedSeconds} against {slow.SimulatedSeconds} s");
    }

    [Fact]
    public void Run_LostDevices_AreAmongTheFailures()
    {
        ResultDocument result = Run(Request("fedbuff", "uniform", rounds: 20) with { DropOut = 0.4 });

        ClientFailure[] lost = [.. result.Failures.Where(failure => failure.Kind == ErrorKinds.DroppedOut)];
        double share = (double)lost.Length / (lost.Length + result.Rounds.Sum(round => round.Counted));
        Assert.Equal(0.4, share, 0.15);
        Assert.Equal(result.Failures.Count, result.Rounds.Sum(round => round.Failed));
    }

    [Fact]
    public void Run_AsynchronousOverSelection_HasSoManyMoreAtWork()
    {
        SimulationRequest request = Request("afa-cd", "uniform", rounds: 1);
        SimulationRequest more = request with { Job = request.Job with { Round = request.Job.Round with { OverSelection = 2 } } };

        // Two of the three that make the version have gone and made room.
        Assert.Equal(8 + 2, Run(request).Rounds[0].Selected);
        Assert.Equal(16 + 2, Run(more).Rounds[0].Selected);
    }

    [Fact]
    public void Run_SkewedActivity_FastDevicesArriveMoreOften()
    {
        SimulationRequest request = Request("afa-cd", "uniform", rounds: 60) with
        {
            Devices = Profile(new DeviceClass { Name = "eager", Activity = 20 }, new DeviceClass { Name = "shy" }),
        };

        var setup = SimulationSetup.Prepare(request);
        SimulationOutcome outcome = new Simulator(setup, new SilentObserver()).Run(TestContext.Current.CancellationToken);

        double examples = outcome.Rounds.Sum(round => round.Examples);
        double eager = setup.Clients.Where((_, i) => setup.Fleet!.ClassOf((uint)i).Name == "eager").Average(client => client.Rows.Length);
        Assert.Equal(eager, examples / outcome.Rounds.Sum(round => round.Counted), eager * 0.35);
        Assert.All(outcome.Rounds, round => Assert.Equal(3, round.Counted));
    }

    [Fact]
    public void Run_StaleWorkers_AreRefusedAndGoOn()
    {
        SimulationRequest request = Request("afa-cd", "uniform", rounds: 40) with
        {
            Devices = Profile(new DeviceClass { Name = "fast" }, new DeviceClass { Name = "slow", Share = 0.3, StepsPerSecond = 1 }),
        };
        request.Job.Algorithm.Parameters["maxStaleness"] = 4;

        ResultDocument result = Run(request);

        Assert.NotEmpty(result.Failures);
        Assert.All(result.Failures, failure => Assert.Equal(("TooStale", "The algorithm refused the update: it is too many versions behind."), (failure.Kind, failure.Reason)));
        Assert.All(result.Rounds, round => Assert.Equal(0, round.Failed));
        Assert.InRange(result.Staleness.Count, 1, 5);
    }

    [Fact]
    public void Run_FlushTime_MakesVersionsOfFewer()
    {
        SimulationRequest request = Request("fedbuff", "uniform", rounds: 5) with
        {
            Devices = Profile(new DeviceClass { Name = "fast", StepsPerSecond = 5 }, new DeviceClass { Name = "slow", StepsPerSecond = 0.001 }),
        };
        request.Job.Algorithm.Parameters["buffer"] = 20;
        request.Job.Algorithm.Parameters["flushSeconds"] = 3;
        request.Job.Algorithm.Parameters["flushMinimum"] = 2;

        ResultDocument result = Run(request);

        Assert.Equal(5, result.Rounds.Count);
        Assert.All(result.Rounds, round => Assert.InRange(round.Counted, 2, 19));
    }

    [Fact]
    public void Prepare_WhatAnAsynchronousRunCannotDo_IsRefusedAtOnce()
    {
        SimulationRequest request = Request("afa-cs", "uniform", rounds: 2) with { Nodes = 2, Attack = "ipm", Byzantine = 1 };
        request = request with { Job = request.Job with { Round = request.Job.Round with { Selection = "oort" } } };

        string message = Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(request)).Message;

        Assert.Contains("nodes 2", message, StringComparison.Ordinal);
        Assert.Contains("attack 'ipm'", message, StringComparison.Ordinal);
        Assert.Contains("round.selection", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("power-of-choice:factor=3")]
    [InlineData("oort")]
    public void Run_SelectionStrategy_IsTheSameWithAnyWorkersAndNotUniform(string selection)
    {
        SimulationRequest request = Request("fedavg", "mixed", rounds: 6);
        request = request with { Job = request.Job with { Round = new() { CohortSize = 4, Selection = selection } } };

        ResultDocument[] results = [.. Enumerable.Range(1, 2).Select(workers => Run(request with { Workers = workers }))];

        Assert.Single(results.Select(result => result.Final.ModelSha256).Distinct());
        Assert.NotEqual(results[0].Final.ModelSha256, Run(request with { Job = request.Job with { Round = new() { CohortSize = 4 } } }).Final.ModelSha256);
    }

    private static SimulationRequest Request(string algorithm, string devices, int rounds)
    {
        SimulationRequest request = Requests.Digits(rounds: rounds);
        return request with
        {
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings
                {
                    Name = algorithm,
                    Parameters = algorithm switch
                    {
                        "afa-cs" => new() { ["buffer"] = 3, ["absent"] = 2 },
                        "afa-cd" or "fedbuff" => new() { ["buffer"] = 3 },
                        _ => [],
                    },
                },
                Round = new RoundSettings { CohortSize = algorithm is "fedavg" or "fednova" ? 20 : 8 },
                Evaluation = new EvaluationSettings { EveryRounds = rounds },
            },
            Devices = DeviceProfile.Find(devices),
        };
    }

    private static SimulationRequest Reseeded(SimulationRequest request) => request with { Job = request.Job with { Seed = 12 } };

    private static DeviceProfile Profile(params DeviceClass[] classes) => new() { Name = "test", Classes = classes };

    private static ResultDocument Run(SimulationRequest request) =>
        ResultDocuments.Create(Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken), 0);

    private static string Figures(ResultDocument result) => string.Join(
        ',', result.Rounds.Select(round => $"{round.SimulatedSeconds}:{round.ClientSeconds}:{round.TrainingLoss}:{round.UpdateNorm}:{round.Counted}:{string.Join('/', round.Staleness)}"));
}
