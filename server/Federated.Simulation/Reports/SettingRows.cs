using System.Globalization;
using Federated.Protocol.Jobs;

namespace Federated.Simulation.Reports;

/// <summary>The settings of a run as name and text, for reports.</summary>
internal static class SettingRows
{
    public static IReadOnlyList<(string Name, string Value)> Of(ResultDocument result)
    {
        JobDefinition job = result.Settings.Job;
        LocalSettings local = job.Local;
        return
        [
            ("Data set", $"{result.Dataset.Name} ({result.Dataset.Format}, {result.Dataset.Shape}, {result.Dataset.Classes.Count} {(result.Dataset.Format == "text" ? "symbols" : "classes")})"),
            ("Examples", $"{result.Dataset.TrainExamples} for training, {result.Dataset.TestExamples} held out"),
            ("Partition", $"{result.Settings.Partition} over {result.Settings.Clients} clients"),
            ("Model", $"{job.Model}, {result.Final.Parameters.ToString("N0", CultureInfo.InvariantCulture)} parameters"),
            ("Algorithm", job.Algorithm.Name + string.Concat(job.Algorithm.Parameters.Select(pair => $", {pair.Key} {Number(pair.Value)}"))),
            ("Rounds", $"{job.Rounds}, cohort {job.Round.CohortSize}"),
            ("Local work", $"{(local.Steps > 0 ? $"{local.Steps} steps" : $"{local.Epochs} epochs")}, batch {(local.BatchSize == 0 ? "all" : Number(local.BatchSize))}, SGD rate {Number(local.LearningRate)}, momentum {Number(local.Momentum)}"
                + (local.WeightDecay > 0 ? $", weight decay {Number(local.WeightDecay)}" : "") + (local.ClipNorm > 0 ? $", clip norm {Number(local.ClipNorm)}" : "")),
            ("Server", $"{job.ServerOptimizer.Name}{(job.ServerOptimizer.LearningRate is { } rate ? $", rate {Number(rate)}" : "")}, aggregation {Rule(job.Aggregation)}"),
            ("Drop-out", $"{Number(result.Settings.DropOut)} of the clients of a round"),
            ("Attack", job.Simulation?.Attack is { } attack ? $"{attack} by {job.Simulation.Byzantine} clients{(result.Final.BackdoorSuccess is { } success ? $"; the backdoor opens for {success.ToString("P1", CultureInfo.InvariantCulture)} of the test examples" : "")}" : "none"),
            ("Seed", result.Seed.ToString(CultureInfo.InvariantCulture)),
            ("Model SHA-256", result.Final.ModelSha256),
        ];
    }

    private static string Rule(AggregationSettings aggregation) => aggregation.Rule == "mean"
        ? $"mean weighted by {aggregation.Weighting}"
        : $"{aggregation.Rule}, f {aggregation.Byzantine}";

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
