using System.Globalization;
using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;

namespace Federated.Protocol.Jobs;

/// <summary>Finds everything that is out of range in a job definition. Names of algorithms, rules and models are checked by those who register them.</summary>
public static class JobDefinitionValidator
{
    private static readonly string[] ServerOptimizers = ["sgd", "momentum", "adam", "yogi", "adagrad"];
    private static readonly string[] Weightings = ["examples", "uniform"];
    private static readonly string[] StatisticsKinds = ["features", "labels", "batch_norm"];
    private static readonly string[] StatisticsModes = ["aggregated", "local"];
    private static readonly string[] CompressionStarts = ["dense", "zero"];
    private static readonly string[] Durabilities = ["journal", "spool"];
    private static readonly string[] Timings = [AggregationTimings.Eager, AggregationTimings.Lazy];
    private static readonly string[] Exchanges = [ExchangeModes.Exact, ExchangeModes.Sketch];

    /// <summary>Checks a definition.</summary>
    /// <param name="job">The definition.</param>
    /// <returns>All errors; empty when the definition is good.</returns>
    public static IReadOnlyList<JobDefinitionError> Validate(JobDefinition job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var errors = new List<JobDefinitionError>();
        Check(errors, job.Version == JobDefinition.CurrentVersion, "version", job.Version, $"this build reads version {JobDefinition.CurrentVersion}");
        Check(errors, job.Name is { Length: >= 1 and <= 100 }, "name", job.Name, "1 to 100 characters");
        Check(errors, !string.IsNullOrWhiteSpace(job.Model), "model", job.Model, "the name of an architecture");
        if (job.Linear is { } linear)
        {
            Check(errors, job.Model == LinearModel.Architecture, "linear", job.Model, $"absent unless model is {LinearModel.Architecture}");
            Check(errors, linear.Features is >= 1 and <= 10_000_000, "linear.features", linear.Features, "1 to 10,000,000");
            Check(errors, linear.Outputs is >= 1 and <= 1_000_000, "linear.outputs", linear.Outputs, "1 to 1,000,000");
        }

        Check(errors, job.Rounds is >= 1 and <= 1_000_000, "rounds", job.Rounds, "1 to 1,000,000");
        Check(errors, job.TargetAccuracy is null or (> 0 and <= 1), "targetAccuracy", job.TargetAccuracy, "in (0, 1]");
        Check(errors, !string.IsNullOrWhiteSpace(job.Algorithm.Name), "algorithm.name", job.Algorithm.Name, "the name of an algorithm");
        foreach ((string name, double value) in job.Algorithm.Parameters)
        {
            Check(errors, double.IsFinite(value), $"algorithm.parameters.{name}", value, "a finite number");
        }

        ValidateLocal(job.Local, errors);
        ValidateServer(job.ServerOptimizer, errors);
        CheckName(errors, Weightings, "aggregation.weighting", job.Aggregation.Weighting);
        CheckName(errors, StatisticsModes, "aggregation.statistics", job.Aggregation.Statistics);
        CheckName(errors, Durabilities, "aggregation.durability", job.Aggregation.Durability);
        CheckName(errors, Timings, "aggregation.timing", job.Aggregation.Timing);
        CheckName(errors, Exchanges, "aggregation.exchange", job.Aggregation.Exchange);
        Check(errors, job.Aggregation.SketchError is >= 0.001 and <= 1, "aggregation.sketchError", job.Aggregation.SketchError, "0.001 to 1");
        Check(errors, !string.IsNullOrWhiteSpace(job.Aggregation.Rule), "aggregation.rule", job.Aggregation.Rule, "the name of a rule");
        Check(errors, job.Aggregation.Byzantine >= 0, "aggregation.byzantine", job.Aggregation.Byzantine, "at least 0");
        ValidateCompression(job.Compression, errors);
        ValidatePruning(job.Pruning, errors);
        ValidateRound(job.Round, errors);
        Check(errors, job.Evaluation.EveryRounds >= 0, "evaluation.everyRounds", job.Evaluation.EveryRounds, "at least 0");
        Check(errors, job.Evaluation.CohortSize >= 0, "evaluation.cohortSize", job.Evaluation.CohortSize, "at least 0");
        Check(errors, IsSeconds(job.Evaluation.DeadlineSeconds), "evaluation.deadlineSeconds", job.Evaluation.DeadlineSeconds, "greater than 0, at most 30 days");
        ValidateStatistics(job.Statistics, errors);
        Check(errors, job.Bounds.MaxNorm >= 0 && double.IsFinite(job.Bounds.MaxNorm), "bounds.maxNorm", job.Bounds.MaxNorm, "at least 0");
        Check(errors, job.Bounds.MaxWeight > 0 && double.IsFinite(job.Bounds.MaxWeight), "bounds.maxWeight", job.Bounds.MaxWeight, "greater than 0");
        Check(errors, job.Bounds.MaxSteps >= 1, "bounds.maxSteps", job.Bounds.MaxSteps, "at least 1");
        ValidateSimulation(job.Simulation, errors);
        return errors;
    }

    private static void ValidateLocal(LocalSettings local, List<JobDefinitionError> errors)
    {
        Check(errors, local.Epochs is >= 0 and <= 100_000, "local.epochs", local.Epochs, "0 to 100,000");
        Check(errors, local.Steps is >= 0 and <= 10_000_000, "local.steps", local.Steps, "0 to 10,000,000");
        Check(errors, local.Epochs > 0 != local.Steps > 0, "local", $"epochs {local.Epochs}, steps {local.Steps}", "exactly one of epochs and steps greater than 0");
        Check(errors, local.BatchSize >= 0, "local.batchSize", local.BatchSize, "at least 0 (0: all examples)");
        Check(errors, local.LearningRate > 0 && double.IsFinite(local.LearningRate), "local.learningRate", local.LearningRate, "greater than 0");
        Check(errors, local.Momentum is >= 0 and < 1, "local.momentum", local.Momentum, "in [0, 1)");
        Check(errors, local.WeightDecay >= 0 && double.IsFinite(local.WeightDecay), "local.weightDecay", local.WeightDecay, "at least 0");
        Check(errors, local.ClipNorm >= 0 && double.IsFinite(local.ClipNorm), "local.clipNorm", local.ClipNorm, "at least 0");
    }

    private static void ValidateServer(ServerOptimizerSettings server, List<JobDefinitionError> errors)
    {
        CheckName(errors, ServerOptimizers, "serverOptimizer.name", server.Name);
        Check(errors, server.LearningRate is null || (server.LearningRate > 0 && double.IsFinite(server.LearningRate.Value)), "serverOptimizer.learningRate", server.LearningRate, "greater than 0");
        Check(errors, server.Momentum is null or (>= 0 and < 1), "serverOptimizer.momentum", server.Momentum, "in [0, 1)");
        Check(errors, server.Beta2 is >= 0 and < 1, "serverOptimizer.beta2", server.Beta2, "in [0, 1)");
        Check(errors, server.Tau > 0 && double.IsFinite(server.Tau), "serverOptimizer.tau", server.Tau, "greater than 0");
    }

    private static void ValidateCompression(CompressionSettings compression, List<JobDefinitionError> errors)
    {
        if (CompressionSpec.TryParse(compression.Up, out string error) is null)
        {
            errors.Add(new JobDefinitionError("compression.up", error));
        }

        if (CompressionSpec.TryParse(compression.Down, out error) is not { } down)
        {
            errors.Add(new JobDefinitionError("compression.down", error));
        }
        else if (down.Feedback != FeedbackKind.None)
        {
            errors.Add(new JobDefinitionError(
                "compression.down", $"'{compression.Down}' has a feedback; the server always sends later what it leaves out, so name the compressor alone."));
        }

        Check(errors, compression.Eta is null || (compression.Eta >= 0 && double.IsFinite(compression.Eta.Value)), "compression.eta", compression.Eta, "at least 0");
        Check(errors, compression.Momentum is > 0 and <= 1, "compression.momentum", compression.Momentum, "in (0, 1]");
        CheckName(errors, CompressionStarts, "compression.start", compression.Start);
        Check(errors, compression.ResyncRounds >= 0, "compression.resyncRounds", compression.ResyncRounds, "at least 0 (0: never)");
        Check(errors, compression.EstimateBytes is >= 0 and <= 2_000_000_000, "compression.estimateBytes", compression.EstimateBytes, "0 to 2,000,000,000");
    }

    private static void ValidatePruning(PruningSettings pruning, List<JobDefinitionError> errors)
    {
        Check(errors, !string.IsNullOrWhiteSpace(pruning.Method), "pruning.method", pruning.Method, "the name of a method, or none");
        Check(errors, pruning.Density is > 0 and <= 1, "pruning.density", pruning.Density, "in (0, 1]");
        Check(errors, pruning.Candidates is >= 1 and <= 1000, "pruning.candidates", pruning.Candidates, "1 to 1000");
        Check(errors, pruning.CandidateCohort is >= 0 and <= 1_000_000, "pruning.candidateCohort", pruning.CandidateCohort, "0 to 1,000,000");
        Check(errors, pruning.Alpha is > 0 and <= 1, "pruning.alpha", pruning.Alpha, "in (0, 1]");
        Check(errors, pruning.AdjustEvery is >= 1 and <= 1_000_000, "pruning.adjustEvery", pruning.AdjustEvery, "1 to 1,000,000");
        Check(errors, pruning.StopAdjusting is >= 0 and <= 1_000_000, "pruning.stopAdjusting", pruning.StopAdjusting, "0 to 1,000,000");
        Check(errors, pruning.Blocks is >= 1 and <= 10_000, "pruning.blocks", pruning.Blocks, "1 to 10,000");
        Check(errors, pruning.GradientValues is PruningSettings.Single or PruningSettings.Half, "pruning.gradientValues", pruning.GradientValues, $"{PruningSettings.Single} or {PruningSettings.Half}");
        Check(errors, pruning.Stale is null or PruningSettings.Refuse or PruningSettings.Remap, "pruning.stale", pruning.Stale, $"{PruningSettings.Refuse} or {PruningSettings.Remap}");
        Check(errors, pruning.GradientBatch is >= 1 and <= 1_000_000, "pruning.gradientBatch", pruning.GradientBatch, "1 to 1,000,000");
    }

    private static void ValidateRound(RoundSettings round, List<JobDefinitionError> errors)
    {
        Check(errors, round.CohortSize is >= 1 and <= 1_000_000, "round.cohortSize", round.CohortSize, "1 to 1,000,000");
        Check(errors, round.Population == 0 || round.Population >= round.CohortSize, "round.population", round.Population, "0, or at least cohortSize");
        Check(errors, round.OverSelection is >= 1 and <= 10, "round.overSelection", round.OverSelection, "in [1, 10]");
        Check(errors, round.ReportGoal >= 0 && round.ReportGoal <= round.CohortSize * round.OverSelection, "round.reportGoal", round.ReportGoal, "0 to cohortSize x overSelection");
        Check(errors, round.MinimumToClose >= 1 && round.MinimumToClose <= round.CohortSize, "round.minimumToClose", round.MinimumToClose, "1 to cohortSize");
        Check(errors, IsSeconds(round.DeadlineSeconds), "round.deadlineSeconds", round.DeadlineSeconds, "greater than 0, at most 30 days");
        Check(errors, IsSeconds(round.SelectionSeconds), "round.selectionSeconds", round.SelectionSeconds, "greater than 0, at most 30 days");
        Check(errors, round.MaxAbandoned >= 1, "round.maxAbandoned", round.MaxAbandoned, "at least 1");
        Check(errors, !string.IsNullOrWhiteSpace(round.Selection), "round.selection", round.Selection, "the name of a strategy");
    }

    private static void ValidateStatistics(StatisticsSettings statistics, List<JobDefinitionError> errors)
    {
        foreach (string kind in statistics.Kinds)
        {
            CheckName(errors, StatisticsKinds, "statistics.kinds", kind);
        }

        Check(errors, statistics.Kinds.Distinct(StringComparer.Ordinal).Count() == statistics.Kinds.Count, "statistics.kinds", string.Join(", ", statistics.Kinds), "without repetition");
        Check(errors, statistics.EveryRounds >= 0, "statistics.everyRounds", statistics.EveryRounds, "at least 0");
        Check(errors, statistics.CohortSize is >= 0 and <= 1_000_000, "statistics.cohortSize", statistics.CohortSize, "0 to 1,000,000");
        Check(errors, IsSeconds(statistics.DeadlineSeconds), "statistics.deadlineSeconds", statistics.DeadlineSeconds, "greater than 0, at most 30 days");
        Check(errors, statistics.Features is >= 0 and <= 10_000_000, "statistics.features", statistics.Features, "0 to 10,000,000");
        Check(errors, statistics.Labels is >= 0 and <= 1_000_000, "statistics.labels", statistics.Labels, "0 to 1,000,000");
    }

    private static void ValidateSimulation(SimulationSettings? simulation, List<JobDefinitionError> errors)
    {
        if (simulation is null)
        {
            return;
        }

        Check(errors, simulation.TestFraction is null or (>= 0 and < 1), "simulation.testFraction", simulation.TestFraction, "in [0, 1)");
        Check(errors, simulation.Clients is null or >= 1, "simulation.clients", simulation.Clients, "at least 1");
        Check(errors, simulation.Byzantine is null or >= 0, "simulation.byzantine", simulation.Byzantine, "at least 0");
        Check(errors, simulation.DropOut is null or (>= 0 and < 1), "simulation.dropOut", simulation.DropOut, "in [0, 1)");
    }

    private static bool IsSeconds(double seconds) => seconds > 0 && seconds <= 30 * 86_400.0;

    private static void CheckName(List<JobDefinitionError> errors, string[] known, string path, string value) =>
        Check(errors, known.Contains(value, StringComparer.Ordinal), path, value, $"one of {string.Join(", ", known)}");

    private static void Check(List<JobDefinitionError> errors, bool good, string path, object? value, string allowed)
    {
        if (!good)
        {
            errors.Add(new JobDefinitionError(path, string.Create(CultureInfo.InvariantCulture, $"{value ?? "null"} is not allowed; it must be {allowed}.")));
        }
    }
}
