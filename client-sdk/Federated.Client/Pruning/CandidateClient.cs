using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Sections;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;

namespace Federated.Client.Pruning;

/// <summary>
/// Judges the masks that a sparse model may begin with: sums the inputs of the normalisation layers under each mask, or its loss with the statistics that the server has pooled. One section of float64
/// sums, candidate behind candidate; a candidate of which this device has no usable figure adds zeros, and so do statistics of a single example, which has no batch to be normalised by. A solver that
/// knows masks is told of each one, so that a device without room for the dense model needs none.
/// </summary>
public sealed class CandidateClient : IClientAlgorithm
{
    /// <summary>The registered name.</summary>
    public const string AlgorithmName = "candidates";

    /// <summary>Numbers a candidate takes when losses are asked for: their sum, and the predictions behind it.</summary>
    public const int LossWidth = 2;

    /// <inheritdoc/>
    public string Name => AlgorithmName;

    /// <inheritdoc/>
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role)
    {
        MaskCandidates candidates = CandidatesOf(settings);
        return [SectionSpecs.Dense(SectionRole.Scalars, SectionDType.F64, (long)candidates.Masks.Count * WidthOf(schema, candidates), SectionDenominator.None)];
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The application's objective cannot sum the inputs of its normalisation layers.</exception>
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        IObjective objective = solver.Objective;
        if (objective.ExampleCount == 0)
        {
            return ClientOutcome.Nothing;
        }

        MaskCandidates candidates = CandidatesOf(task.Settings);
        int width = WidthOf(task.Schema, candidates);
        Span<double> sums = update.Doubles(SectionRole.Scalars);
        sums.Clear();
        float[] parameters = new float[task.Parameters.Length];
        var masked = solver as IMaskedSolver;
        try
        {
            for (int c = 0; c < candidates.Masks.Count; c++)
            {
                stop.ThrowIfCancellationRequested();
                ModelMask mask = ModelMask.OfLargest(task.Schema, 1, task.Parameters.Span, [.. candidates.Masks[c].Active.Select(count => checked((int)count))]);
                task.Parameters.Span.CopyTo(parameters);
                mask.Apply(parameters);
                masked?.UseMask(mask);
                Span<double> own = sums.Slice(c * width, width);
                if (!candidates.SumsInputs)
                {
                    SumLosses(task, objective, parameters, c, own, stop);
                }
                else if (objective.ExampleCount > 1)
                {
                    SumInputs(task, objective, parameters, own, stop);
                }
            }
        }
        finally
        {
            masked?.UseMask(null);
        }

        update.Weight = objective.ExampleCount;
        update.Steps = 0;
        return ClientOutcome.Completed;
    }

    private static void SumInputs(ClientTask task, IObjective objective, float[] parameters, Span<double> own, CancellationToken stop)
    {
        INormalisationObjective normalised = objective as INormalisationObjective
            ?? throw new InvalidOperationException($"{objective.GetType().Name} does not tell the inputs of its normalisation layers.");
        objective.LoadStatistics(task.Statistics.Span, task.Counts.Span);
        normalised.SumNormalisationInputs(parameters, new MomentSums(own), stop);
        if (!CandidateSums.CanPool(new MomentSums(own)))
        {
            own.Clear();
        }
    }

    private static void SumLosses(ClientTask task, IObjective objective, float[] parameters, int candidate, Span<double> own, CancellationToken stop)
    {
        int statistics = task.Schema.StatisticCount;
        ReadOnlySpan<float> pooled = task.DownSections.ContainsKey(SectionRole.BnStatistics)
            ? task.Down(SectionRole.BnStatistics).Slice(candidate * statistics, statistics)
            : task.Statistics.Span;
        objective.LoadStatistics(pooled, task.Counts.Span);
        Evaluation evaluation = objective.Evaluate(parameters, stop);
        if (double.IsFinite(evaluation.LossSum))
        {
            (own[0], own[1]) = (evaluation.LossSum, evaluation.Count);
        }
    }

    private static int WidthOf(ModelSchema schema, MaskCandidates candidates) =>
        candidates.SumsInputs ? MomentSums.Width * NormalisationLayer.Of(schema).Sum(layer => layer.Channels) : LossWidth;

    private static MaskCandidates CandidatesOf(LocalTraining settings) =>
        settings?.Candidates ?? throw new ArgumentException("The task names no masks to judge.", nameof(settings));
}
