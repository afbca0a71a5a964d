using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Kernels;

namespace Federated.Simulation.Reports;

/// <summary>Makes the document of a run.</summary>
public static class ResultDocuments
{
    /// <summary>Gathers settings, figures and hashes.</summary>
    /// <param name="outcome">What the run left.</param>
    /// <param name="loadSeconds">Wall-clock seconds of reading and dealing the data.</param>
    public static ResultDocument Create(SimulationOutcome outcome, double loadSeconds)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        SimulationSetup setup = outcome.Setup;
        SimulationRequest request = setup.Request;
        return new ResultDocument
        {
            End = outcome.End,
            Seed = request.Job.Seed,
            Final = new FinalResult(
                Finite(outcome.Final?.Accuracy),
                Finite(outcome.Final?.MeanLoss),
                HashOf(outcome.Model.Parameters),
                outcome.Model.Parameters.Length,
                outcome.BackdoorSuccess,
                outcome.Rounds.LastOrDefault(round => round.Abandoned is null)?.Round ?? 0)
            {
                StateSha256 = outcome.StateHash,
            },
            RoundsToTarget = outcome.RoundsToTarget,
            SimulatedSeconds = outcome.Rounds is [.., { } last] ? last.SimulatedSeconds : null,
            SimulatedSecondsToTarget = outcome.RoundsToTarget is { } reached ? outcome.Rounds.First(round => round.Round == reached).SimulatedSeconds : null,
            ClientSeconds = outcome.Rounds.Any(round => round.ClientSeconds is not null) ? outcome.Rounds.Sum(round => round.ClientSeconds ?? 0) : null,
            Staleness = [.. Enumerable.Range(0, outcome.Rounds.Select(round => round.Staleness.Count).DefaultIfEmpty().Max())
                .Select(bin => outcome.Rounds.Sum(round => bin < round.Staleness.Count ? round.Staleness[bin] : 0))],
            BytesUp = outcome.Rounds.Sum(round => round.BytesUp) + outcome.Statistics.Sum(statistics => statistics.BytesUp) + (outcome.Candidates?.BytesUp ?? 0),
            BytesDown = outcome.Rounds.Sum(round => round.BytesDown) + outcome.Statistics.Sum(statistics => statistics.BytesDown) + (outcome.Candidates?.BytesDown ?? 0),
            Statistics = outcome.Statistics,
            Pruning = outcome.Model.Mask is { } mask && outcome.Candidates is { } candidates
                ? new PruningSummary(mask.ActiveCount, mask.PrunableCount, mask.Epoch, mask.HashText, candidates)
                : null,
            Costs = outcome.Costs,
            Rounds = [.. outcome.Rounds.Select(round => round with { Loss = Finite(round.Loss), TrainingLoss = Finite(round.TrainingLoss), UpdateNorm = Finite(round.UpdateNorm) })],
            Failures = outcome.Failures,
            Settings = new RunSettings(
                WithData(request, setup.Clients.Count), request.Partition.ToString(), setup.Clients.Count, request.DropOut, request.TestFraction,
                request.Scaling.ToString().ToLowerInvariant(), request.Workers, request.Device, request.Kernels.ToString().ToLowerInvariant()),
            Dataset = new DatasetSummary(
                setup.Dataset.Name, setup.Dataset.Format.ToString().ToLowerInvariant(), setup.Dataset.Shape.ToString(), setup.Dataset.ClassNames,
                setup.Clients.Sum(client => client.Rows.Length), setup.Dataset.Test.Length, setup.Dataset.Notes),
            Clients = [.. setup.Clients.Select((client, i) => new ClientSummary(client.Name, client.Rows.Length, LabelsOf(setup.Dataset, client.Rows), setup.Attackers.Contains(i)))],
            Timings = new Timings(
                loadSeconds, outcome.TrainSeconds, outcome.EvaluateSeconds, loadSeconds + outcome.TotalSeconds,
                outcome.TrainSeconds > 0 ? outcome.ClientUpdates / outcome.TrainSeconds : 0)
            {
                PeakBytes = outcome.PeakBytes,
                PeakGrowthBytes = outcome.PeakGrowthBytes,
            },
            Tree = request.Nodes > 1
                ? new TreeSummary(outcome.Tree.Nodes, outcome.Tree.UpdatesPerLeaf, outcome.Tree.Hash, outcome.TreeFigures)
                : null,
        };
    }

    private static JobDefinition WithData(SimulationRequest request, int clients) => request.Job with
    {
        Simulation = new SimulationSettings
        {
            Dataset = request.Dataset.Source,
            Format = request.Dataset.Format?.ToString().ToLowerInvariant(),
            Label = request.Dataset.Label,
            Missing = request.Dataset.Missing,
            TestFraction = request.TestFraction,
            Partition = request.Partition.ToString(),
            Pretrain = request.Pretraining?.ToString(),
            Clients = request.Clients ?? (request.Partition.IsNatural ? null : clients),
            DropOut = request.DropOut,
            Devices = request.Devices?.Name,
            Attack = request.Attack,
            Byzantine = request.Attack is null ? null : request.Byzantine,
            Kernels = request.Kernels == KernelSetting.Auto ? null : request.Kernels.ToString().ToLowerInvariant(),
            ModelOptions = request.Job.Simulation?.ModelOptions,
        },
    };

    // Only the .NET view of the vector is hashed; it is little-endian on every platform that .NET 10 runs on.
    private static string HashOf(float[] parameters) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(parameters.AsSpan())));

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    private static int[] LabelsOf(Dataset dataset, int[] rows)
    {
        if (dataset.Examples.LabelLength != 1)
        {
            return [];
        }

        int[] counts = new int[dataset.ClassCount];
        ReadOnlySpan<int> labels = dataset.Examples.Labels.Span;
        foreach (int row in rows)
        {
            counts[labels[row]]++;
        }

        return counts;
    }
}
