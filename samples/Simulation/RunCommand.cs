using System.CommandLine;
using System.Diagnostics;
using Federated.Client.Torch;
using Federated.Coordination.Compression;
using Federated.Protocol.Jobs;
using Federated.Protocol.OneByte;
using Federated.Simulation;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;
using Spectre.Console;

namespace Federated.Samples.Simulation;

/// <summary><c>run</c>: trains and writes a result folder.</summary>
internal static class RunCommand
{
    private const int Failed = 1, NoResult = 2, Stopped = 130;

    public static Command Create()
    {
        var options = new RunOptions();
        var command = new Command("run", "Trains a model over virtual clients and writes a result folder (result.json, metrics.csv, report.html, accuracy.png, model.safetensors).");
        foreach (Option option in options.All)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => ExecuteAsync(options, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> ExecuteAsync(RunOptions options, ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            // 1. Everything is checked before anything is trained.
            long started = Stopwatch.GetTimestamp();
            SimulationRequest request = new RequestBinding(options, parsed).Bind();
            SimulationSetup setup = SimulationSetup.Prepare(request);
            double loadSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            string folder = parsed.GetValue(options.Output) ?? FreeFolder(setup);
            Directory.CreateDirectory(folder);
            Announce(setup);

            // 2. The run, watched live on a terminal and by lines elsewhere.
            bool live = !parsed.GetValue(options.Plain) && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;
            SimulationOutcome outcome = live
                ? await LiveProgress.RunAsync(setup, cancellationToken)
                : await Task.Run(() => new Simulator(setup, new PlainProgress(setup)).Run(cancellationToken), CancellationToken.None);

            // 3. The results, also of a run that was stopped.
            ResultDocument result = ResultDocuments.Create(outcome, loadSeconds);
            ResultFolder.Write(folder, result, outcome.Model);
            Summary.Write(result, folder);
            return outcome.End switch
            {
                SimulationEnd.Cancelled => Stopped,
                SimulationEnd.Abandoned or SimulationEnd.Diverged => NoResult,
                _ => 0,
            };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped before the first round; there are no results.");
            return Stopped;
        }
        catch (Exception exception) when (exception is SimulationException or NotSupportedException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return Failed;
        }
    }

    private static void Announce(SimulationSetup setup)
    {
        JobDefinition job = setup.Request.Job;
        Console.WriteLine(FormattableString.Invariant(
            $"{job.Model} ({setup.Model.Schema.ParameterCount:N0} parameters) on {setup.Dataset.Name}: {setup.Clients.Sum(client => client.Rows.Length):N0} training examples over {setup.Clients.Count} clients ({setup.Request.Partition}), {setup.Dataset.Test.Length:N0} held out"));
        Console.WriteLine(FormattableString.Invariant(
            $"{job.Algorithm.Name}, {job.Rounds} rounds, cohort {job.Round.CohortSize}, {Work(job)}, batch {job.Local.BatchSize}, rate {job.Local.LearningRate}, seed {job.Seed}, {setup.Request.Workers} workers"));
        if (setup.Request.Device != "cpu")
        {
            TorchRuntime.SelectDeviceOrCpu(setup.Request.Device, out string? notice);
            Console.WriteLine(notice ?? $"Models are trained on {setup.Request.Device}.");
        }

        foreach (string note in setup.Dataset.Notes.Concat(CompressionNotes.Of(job, setup.Model.Schema)))
        {
            Console.WriteLine(note);
        }
    }

    private static string Work(JobDefinition job) =>
        job.Algorithm.Name == OneByteRun.Algorithm ? $"{job.Algorithm.Parameters.GetValueOrDefault(OneByteRun.Probes, 1)} directions a machine"
        : job.Local.Steps > 0 ? $"{job.Local.Steps} local steps"
        : $"{job.Local.Epochs} local epochs";

    private static string FreeFolder(SimulationSetup setup)
    {
        string name = Path.Combine("results", $"{setup.Dataset.Name}-{setup.Request.Job.Model.Replace(':', '-')}-{setup.Request.Job.Algorithm.Name}");
        string folder = name;
        for (int number = 2; Directory.Exists(folder); number++)
        {
            folder = FormattableString.Invariant($"{name}-{number}");
        }

        return folder;
    }
}
