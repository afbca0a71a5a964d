using System.Diagnostics;
using Federated.Benchmarks.Framework;
using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Benchmarks.Training;

/// <summary>
/// 100,000 registered clients with two examples each and cohorts of 100: what a registered client costs in memory besides its rows, and what a client's turn costs in time when its training is next to
/// nothing (one step of one example), so that what is left is scheduling.
/// </summary>
internal static class PopulationPart
{
    private const int Clients = 100_000, ExamplesEach = 2, Cohort = 100, Rounds = 100;
    private const double BytesGoal = 200, MicrosecondsGoal = 50, MegabytesGoal = 2000;

    public static void Measure(BenchmarkContext context, string folder)
    {
        SyntheticImages.Write(folder, side: 10, Clients * ExamplesEach);
        SimulationRequest request = Request(folder);
        long one = Held(request with { Clients = Cohort }, context), all = Held(request, context);

        // Rows are data: four bytes each. What a hundred clients need is there in both.
        context.AtMost("simulation.population.bytesPerClient", (double)(all - one) / (Clients - Cohort), BytesGoal, "bytes");

        SimulationSetup setup = SimulationSetup.Prepare(request);
        Tell(context, "fedavg", setup.With(request));
        Tell(context, "fedavgDevices", setup.With(request with { Devices = DeviceProfile.Find("phones") }));
        Tell(context, "fedbuffDevices", setup.With(request with
        {
            Devices = DeviceProfile.Find("mixed"),
            Job = request.Job with { Algorithm = new AlgorithmSettings { Name = "fedbuff", Parameters = { ["buffer"] = Cohort } } },
        }));
        using Process process = Process.GetCurrentProcess();
        context.AtMost("simulation.population.peakMemory", process.PeakWorkingSet64 / 1e6, MegabytesGoal, "MB");
    }

    /// <summary>Bytes that a prepared simulation holds, without its examples' rows.</summary>
    private static long Held(SimulationRequest request, BenchmarkContext context)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        SimulationSetup setup = SimulationSetup.Prepare(request);
        SimulationOutcome outcome = new Simulator(setup, new SilentObserver()).Run(context.CancellationToken);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        long rows = setup.Clients.Sum(client => sizeof(int) * (long)client.Rows.Length);
        GC.KeepAlive(outcome);
        return after - before - rows;
    }

    private static void Tell(BenchmarkContext context, string name, SimulationSetup setup)
    {
        double[] best = Interleaved.Best(3, () => new Simulator(setup, new SilentObserver()).Run(context.CancellationToken));
        context.AtMost($"simulation.population.{name}.turn", best[0] * 1e6 / (Cohort * (double)Rounds), MicrosecondsGoal, "µs");
    }

    private static SimulationRequest Request(string folder) => new()
    {
        Job = new JobDefinition
        {
            Model = "logistic",
            Rounds = Rounds,
            Local = new LocalSettings { Epochs = 0, Steps = 1, BatchSize = 1, LearningRate = LocalWork.LearningRate },
            Round = new RoundSettings { CohortSize = Cohort },
            Evaluation = new EvaluationSettings { EveryRounds = Rounds },
        },
        Dataset = new DatasetRequest { Source = folder, Format = DatasetFormat.Idx },
        Partition = PartitionSpec.Parse("iid"),
        Clients = Clients,
    };
}
