using System.Text.Json;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Numerics;
using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class StatisticsSimulationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_Everybody_PoolsToTheFiguresOfTheTrainingPart()
    {
        SimulationOutcome outcome = Requests.Run(With(Requests.Digits(rounds: 1), cohort: 20, "features", "labels"), cancellationToken: Cancellation);

        StatisticsReport report = Assert.Single(outcome.Statistics);
        PooledStatistics pooled = report.Pooled!;
        int[] rows = [.. outcome.Setup.Clients.SelectMany(client => client.Rows)];
        Assert.Equal((0, 20, 20), (report.Version, report.Selected, report.Counted));
        Assert.Equal((20, (double)rows.Length), (pooled.Devices, pooled.Examples));
        float[] features = outcome.Setup.Dataset.Examples.Features.ToArray();
        for (int feature = 0; feature < 64; feature++)
        {
            double[] values = [.. rows.Select(row => (double)features[(row * 64) + feature])];
            double mean = values.Average();
            Assert.Equal(rows.Length, pooled.Features!.Counts[feature]);
            Assert.Equal(mean, pooled.Features.Means[feature]!.Value, 1e-9);
            Assert.Equal(values.Average(value => (value - mean) * (value - mean)), pooled.Features.Variances[feature]!.Value, 1e-9);
        }

        int[] labels = outcome.Setup.Dataset.Examples.Labels.ToArray();
        Assert.Equal(Enumerable.Range(0, 10).Select(label => (long)rows.Count(row => labels[row] == label)), pooled.Labels!);
        Assert.True(report.BytesUp > 20 * ((3 * 64 * 8) + (10 * 8)));
        ResultDocument result = ResultDocuments.Create(outcome, 0);
        Assert.Equal(report.BytesUp + outcome.Rounds.Sum(round => round.BytesUp), result.BytesUp);
    }

    [Fact]
    public void Run_AsynchronousAlgorithm_TakesStatisticsBetweenVersions()
    {
        SimulationRequest request = With(Requests.Digits(rounds: 5), cohort: 20, "labels");
        SimulationRequest buffered = request with
        {
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings { Name = "fedbuff", Parameters = { ["buffer"] = 3 } },
                Statistics = request.Job.Statistics with { EveryRounds = 2 },
            },
        };

        SimulationOutcome outcome = Requests.Run(buffered, cancellationToken: Cancellation);

        Assert.Equal([0, 2, 4], outcome.Statistics.Select(report => report.Version));
        Assert.All(outcome.Statistics, report => Assert.Equal(20, report.Counted));
        Assert.Equal(5, outcome.Rounds.Count);
    }

    [Fact]
    public void Run_AnyNumberOfWorkers_GivesTheSameBytes()
    {
        string[] results =
        [
            .. Enumerable.Range(1, 3).Select(workers => Figures(
                With(Requests.Digits(rounds: 1, workers: workers), cohort: 15, "features", "labels") with { DropOut = 0.3 })),
        ];

        Assert.Single(results.Distinct());
        Assert.Contains(ErrorKinds.DroppedOut, results[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Run_BatchNormWithAnyNumberOfWorkers_GivesTheSameBytes()
    {
        using var folder = new DataFolder();
        var random = new CounterRandom(3, RandomPurpose.Test);
        string table = folder.Write("images.csv", string.Concat(Enumerable.Range(0, 40).Select(row =>
            string.Join(',', Enumerable.Range(0, 256).Select(_ => random.NextInt(256)).Append(row % 2)) + "\n")));
        SimulationRequest images = With(Requests.Digits("resnet18", rounds: 1), cohort: 4, "batch_norm") with
        {
            Dataset = new DatasetRequest { Source = table, ImageShape = ModelShape.Image(1, 16, 16) },
            Partition = new PartitionSpec(PartitionKind.Iid),
            Clients = 4,
            ModelOptions = ModelOptions.Parse(new Dictionary<string, string> { ["norm"] = "batch" }),
        };
        images = images with
        {
            Job = images.Job with { Local = new LocalSettings { Epochs = 0, Steps = 1, BatchSize = 2 }, Round = new RoundSettings { CohortSize = 1 } },
        };

        string[] results = [.. Enumerable.Range(1, 2).Select(workers => Figures(images with { Workers = workers }))];

        Assert.Equal(results[0], results[1]);
        PooledStatistics pooled = JsonSerializer.Deserialize<StatisticsReport[]>(results[0])![0].Pooled!;
        Assert.Equal(20, pooled.Normalisation!.Count);
        Assert.All(pooled.Normalisation, layer => Assert.All(layer.Channels.Variances, variance => Assert.True(variance >= 0)));

        // The first layer sees 16 × 16 values of each example.
        Assert.Equal(pooled.Examples * 256, pooled.Normalisation[0].Channels.Counts[0]);
    }

    [Fact]
    public void Run_EverySecondRound_TakesThemAgain()
    {
        SimulationRequest request = With(Requests.Digits(rounds: 5), cohort: 4, "labels");
        request.Job.Statistics.EveryRounds = 2;

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: Cancellation);

        Assert.Equal([0, 2, 4], outcome.Statistics.Select(report => report.Version));
        Assert.NotEqual(outcome.Statistics[0].Pooled!.Labels, outcome.Statistics[1].Pooled!.Labels);
    }

    [Fact]
    public void Run_WithStatistics_TrainsTheSameModel()
    {
        SimulationRequest request = Requests.Digits(rounds: 2);

        string without = ResultDocuments.Create(Requests.Run(request, cancellationToken: Cancellation), 0).Final.ModelSha256;
        string with = ResultDocuments.Create(Requests.Run(With(request, cohort: 5, "features"), cancellationToken: Cancellation), 0).Final.ModelSha256;

        Assert.Equal(without, with);
    }

    [Fact]
    public void Prepare_BatchNormOfAModelWithout_IsRefused()
    {
        var exception = Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(With(Requests.Digits(), cohort: 4, "batch_norm")));

        Assert.Contains("statistics.kinds", exception.Message, StringComparison.Ordinal);
    }

    private static string Figures(SimulationRequest request)
    {
        SimulationOutcome outcome = Requests.Run(request, cancellationToken: Cancellation);
        string failures = outcome.Failures.Count == 0 ? "" : JsonSerializer.Serialize(outcome.Failures);
        return JsonSerializer.Serialize(outcome.Statistics) + failures;
    }

    private static SimulationRequest With(SimulationRequest request, int cohort, params string[] kinds) => request with
    {
        Job = request.Job with { Statistics = new StatisticsSettings { Kinds = [.. kinds], CohortSize = cohort } },
    };
}
