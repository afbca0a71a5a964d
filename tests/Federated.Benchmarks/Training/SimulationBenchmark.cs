using Federated.Benchmarks.Framework;
using Federated.Client.Torch;
using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Benchmarks.Training;

/// <summary>
/// Client updates per second of whole simulations (selection, training, checks, aggregation, server optimizer, final evaluation) against loops that do nothing but the same local
/// steps and the mean; and what a registered client costs.
/// </summary>
internal sealed class SimulationBenchmark : IBenchmark
{
    private const double GoalPerCore = 0.9, UpdatesGoal = 20_000;

    public string Name => "simulation";

    public string Summary => "client updates per second of LeNet, logistic and softmax regression against hand-written loops on one thread; memory and time of 100,000 registered clients";

    public async Task RunAsync(BenchmarkContext context)
    {
        TorchRuntime.Initialise();
        string folder = Directory.CreateTempSubdirectory("federated-benchmark-").FullName;
        try
        {
            MeasureLeNet(context, folder);
            MeasureSparse(context, folder);
            MeasureSoftmax(context, folder);
            await PopulationPart.RunAsync(context);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void MeasureLeNet(BenchmarkContext context, string folder)
    {
        var work = new LocalWork(Clients: 60, Examples: 100, Steps: 5, BatchSize: 20, Rounds: 1);
        SimulationSetup setup = Prepare(Path.Combine(folder, "lenet"), "lenet", side: 28, work);
        using var loop = new HandWrittenLeNet(setup.Dataset.Examples, Rows(setup), work);
        Measure(context, "lenet", work, setup, loop.Run);
    }

    private static void MeasureSoftmax(BenchmarkContext context, string folder)
    {
        // 10×10 pixels and 10 classes: 1,010 parameters.
        var work = new LocalWork(Clients: 2000, Examples: 50, Steps: 5, BatchSize: 10, Rounds: 10);
        SimulationSetup setup = Prepare(Path.Combine(folder, "softmax"), "logistic", side: 10, work);
        var loop = new HandWrittenSoftmax(setup.Dataset.Examples, Rows(setup), setup.Dataset.ClassCount, work);
        double rate = Measure(context, "softmax", work, setup, loop.Run);
        context.AtLeast("simulation.softmax.perTwoCores", rate * 2 / Math.Max(2, Environment.ProcessorCount), UpdatesGoal, "updates/s");
    }

    private static void MeasureSparse(BenchmarkContext context, string folder)
    {
        // Over 100 clients, and the local work that the simulator does with it by default: one epoch in batches of 32. A fifth of the data is the test part.
        string? file = context.FileOf("libsvm", "a9a.txt");
        var work = new LocalWork(Clients: 100, Examples: 260, Steps: 8, BatchSize: 32, Rounds: 200);
        string path = file ?? SyntheticSparse.Write(Path.Combine(folder, "sparse"), (work.Clients * work.Examples * 5 / 4) + 500);
        SimulationSetup setup = Prepare(path, DatasetFormat.Libsvm, "logistic", work);
        var loop = new HandWrittenLogistic(setup.Dataset.Examples, Rows(setup), work);
        var sparse = new HandWrittenSparseLogistic(setup.Dataset.Examples, Rows(setup), work);
        Measure(context, file is null ? "a9aShaped" : "a9a", work, setup, loop.Run, sparse.Run);
    }

    /// <param name="context">Receives the figures.</param>
    /// <param name="name">Part of their names.</param>
    /// <param name="work">The local work.</param>
    /// <param name="setup">The simulation.</param>
    /// <param name="loop">The plain loop.</param>
    /// <param name="sparse">One that leaves zeros out, as the simulator does; the goal is the same.</param>
    private static double Measure(BenchmarkContext context, string name, LocalWork work, SimulationSetup setup, Action loop, Action? sparse = null)
    {
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            loop,
            () =>
            {
                SimulationOutcome outcome = new Simulator(setup, new SilentObserver()).Run(context.CancellationToken);
                if (outcome.ClientUpdates != (long)work.Updates || outcome.Failures.Count > 0)
                {
                    throw new InvalidOperationException($"The simulation counted {outcome.ClientUpdates} updates and {outcome.Failures.Count} failures.");
                }
            },
            sparse ?? (static () => { }));

        context.Tell($"simulation.{name}.handWritten", work.Updates / best[0], "updates/s");
        context.Tell($"simulation.{name}.simulator", work.Updates / best[1], "updates/s");
        context.AtLeast($"simulation.{name}.speedup", best[0] / best[1], GoalPerCore * Environment.ProcessorCount);
        if (sparse is not null)
        {
            context.Tell($"simulation.{name}.handWrittenSparse", work.Updates / best[2], "updates/s");
            context.AtLeast($"simulation.{name}.speedupOverSparse", best[2] / best[1], GoalPerCore * Environment.ProcessorCount);
        }

        return work.Updates / best[1];
    }

    private static SimulationSetup Prepare(string folder, string model, int side, LocalWork work)
    {
        Directory.CreateDirectory(folder);
        SyntheticImages.Write(folder, side, work.Clients * work.Examples);
        return Prepare(folder, DatasetFormat.Idx, model, work);
    }

    private static SimulationSetup Prepare(string source, DatasetFormat format, string model, LocalWork work) =>
        SimulationSetup.Prepare(new SimulationRequest
        {
            Job = new JobDefinition
            {
                Model = model,
                Rounds = work.Rounds,
                Local = new LocalSettings { Epochs = 0, Steps = work.Steps, BatchSize = work.BatchSize, LearningRate = LocalWork.LearningRate },
                Round = new RoundSettings { CohortSize = work.Clients },
                Evaluation = new EvaluationSettings { EveryRounds = work.Rounds },
            },
            Dataset = new DatasetRequest { Source = source, Format = format },
            Partition = PartitionSpec.Parse("iid"),
            Clients = work.Clients,
        });

    private static IReadOnlyList<int[]> Rows(SimulationSetup setup) => [.. setup.Clients.Select(client => client.Rows.ToArray())];
}
