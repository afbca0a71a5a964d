using System.Diagnostics;
using System.Globalization;
using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Tier;
using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Benchmarks.Training;

/// <summary>
/// 100,000 registered clients with two examples each and cohorts of 100: what a registered client costs in memory besides its rows, and what a client's turn costs in time when its training is next to
/// nothing (one step of one example), so that what is left is scheduling. All of it in a process of its own: the peak of its memory is nobody else's.
/// </summary>
internal static class PopulationPart
{
    /// <summary>The child's only argument.</summary>
    public const string Argument = "simulation-population";

    private const int Clients = 100_000, ExamplesEach = 2, Cohort = 100, Rounds = 1000;
    private const double BytesGoal = 200, MicrosecondsGoal = 50, MegabytesGoal = 2000;
    private const string Answer = "Population ", BytesPerClient = "bytesPerClient", PeakMemory = "peakMemory";

    private static readonly string[] Runs = ["fedavg", "fedavgDevices", "fedbuffDevices"];

    public static async Task RunAsync(BenchmarkContext context)
    {
        using ProgramProcess child = await ProgramProcess.StartAsync(
            "Federated.Benchmarks.dll", [Argument], Answer, Runs.Length + 2, context.CancellationToken);
        var figures = child.ReadyLines.Select(line => line.Split(' ')).ToDictionary(words => words[1], words => double.Parse(words[2], CultureInfo.InvariantCulture));

        // Rows are data: four bytes each.
        context.AtMost("simulation.population.bytesPerClient", figures[BytesPerClient], BytesGoal, "bytes");
        foreach (string run in Runs)
        {
            context.AtMost($"simulation.population.{run}.turn", figures[run], MicrosecondsGoal, "µs");
        }

        context.AtMost("simulation.population.peakMemory", figures[PeakMemory], MegabytesGoal, "MB");
    }

    /// <summary>The child: measures, and prints a line for each figure.</summary>
    public static void RunChild(CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("federated-benchmark-");
        try
        {
            SyntheticImages.Write(folder.FullName, side: 10, Clients * ExamplesEach);
            SimulationRequest request = Request(folder.FullName);
            SimulationSetup setup = SimulationSetup.Prepare(request);
            SimulationRequest[] requests =
            [
                request,
                request with { Devices = DeviceProfile.Find("phones") },
                request with
                {
                    Devices = DeviceProfile.Find("mixed"),
                    Job = request.Job with { Algorithm = new AlgorithmSettings { Name = "fedbuff", Parameters = { ["buffer"] = Cohort } } },
                },
            ];
            foreach ((string name, SimulationRequest run) in Runs.Zip(requests))
            {
                double[] best = Interleaved.Best(3, () => new Simulator(setup.With(run), new SilentObserver()).Run(cancellationToken));
                Tell(name, best[0] * 1e6 / (Cohort * (double)Rounds));
            }

            // Before the next part, which prepares the whole population a second time.
            using Process process = Process.GetCurrentProcess();
            Tell(PeakMemory, process.PeakWorkingSet64 / 1e6);
            GC.KeepAlive(setup);

            // What a hundred clients need is there in both.
            long one = Held(request with { Clients = Cohort }, cancellationToken), all = Held(request, cancellationToken);
            Tell(BytesPerClient, (double)(all - one) / (Clients - Cohort));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Bytes that a prepared simulation holds, without its examples' rows.</summary>
    private static long Held(SimulationRequest request, CancellationToken cancellationToken)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        SimulationSetup setup = SimulationSetup.Prepare(request);
        SimulationOutcome outcome = new Simulator(setup, new SilentObserver()).Run(cancellationToken);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        long rows = setup.Clients.Sum(client => sizeof(int) * (long)client.Rows.Length);
        GC.KeepAlive(outcome);
        return after - before - rows;
    }

    private static void Tell(string name, double value) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Answer}{name} {value}"));

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
