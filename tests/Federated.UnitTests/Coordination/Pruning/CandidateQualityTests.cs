using Federated.Client.Sparse;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

/// <summary>Whether the candidate that devices choose is one that trains well, with every other one trained for comparison.</summary>
public sealed class CandidateQualityTests(ITestOutputHelper output)
{
    private const int Candidates = 12;
    private const int Rounds = 12;

    [Fact]
    public void Selection_ByPooledStatistics_RanksCandidatesByTheirFinalAccuracy()
    {
        Judgement[] judgements = [.. new ulong[] { 1, 2, 3 }.AsParallel().AsOrdered().Select(Judge)];

        foreach (Judgement judgement in judgements)
        {
            output.WriteLine(FormattableString.Invariant(
                $"uniform {judgement.Accuracies[0]:F3} mean {judgement.Accuracies.Average():F3} best {judgement.Accuracies.Max():F3} picked {judgement.Accuracies[judgement.Chosen]:F3} stale {judgement.Accuracies[judgement.ChosenStale]:F3} Spearman stale {judgement.Stale:F2} pooled {judgement.Pooled:F2}"));
        }

        Assert.True(judgements.Average(judgement => judgement.Pooled) >= 0.7);
        Assert.True(judgements.Average(judgement => judgement.Pooled) > judgements.Average(judgement => judgement.Stale));
        Assert.True(judgements.Average(judgement => judgement.Accuracies[judgement.Chosen] - judgement.Accuracies.Average()) >= 0.03);
    }

    private static Judgement Judge(ulong seed)
    {
        var task = new ShiftedTask(seed);
        var job = new JobDefinition
        {
            Seed = seed,
            Local = new LocalSettings { Epochs = 1, BatchSize = 32, LearningRate = 0.1 },
            Pruning = new PruningSettings { Method = "fedtiny", Density = 0.05, Candidates = Candidates, StopAdjusting = 0 },
        };

        // What devices choose, with the server half and the client half of the live system.
        var objective = new MaskedSparseObjective(ShiftedTask.Architecture, ShiftedTask.Schema);
        ModelContent model = task.Copy();
        FederationInProcess federation = Begin(task, job, objective, model);
        federation.Round(model);
        Assert.Null(model.Mask);
        double[] sums = federation.Round(model).Sections[0].Wide;
        double[] losses = [.. Enumerable.Range(0, Candidates).Select(c => sums[2 * c] / sums[(2 * c) + 1])];

        ModelMask[] masks = [.. PruningMethods.Create(job.Pruning, ShiftedTask.Schema, job.Seed)!.Candidates(task.Start.Parameters)];
        int chosen = Array.FindIndex(masks, mask => mask.HashText == model.Mask!.HashText);
        double[] accuracies = [.. masks.Select(mask => Train(task, job, objective, mask))];
        double[] stale = [.. masks.Select(mask => StaleLoss(task, objective, mask))];
        return new Judgement(chosen, Array.IndexOf(stale, stale.Min()), accuracies, Spearman(losses, accuracies), Spearman(stale, accuracies));
    }

    private static FederationInProcess Begin(ShiftedTask task, JobDefinition job, MaskedSparseObjective objective, ModelContent model)
    {
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(job, ShiftedTask.Schema);
        server.Follow(model);
        return new FederationInProcess(server, new SparseSolver(objective), client => objective.Select(task.Set, task.Rows[client]), ShiftedTask.Clients);
    }

    /// <summary>Accuracy after training from a candidate, with statistics that devices have pooled for it.</summary>
    private static double Train(ShiftedTask task, JobDefinition job, MaskedSparseObjective objective, ModelMask mask)
    {
        ModelContent model = task.Copy();
        model.Use(mask);
        FederationInProcess federation = Begin(task, job, objective, model);
        for (int round = 0; round < Rounds; round++)
        {
            federation.Round(model);
        }

        objective.Select(task.Set, task.Test);
        objective.Mask = mask;
        objective.LoadStatistics(model.Statistics, model.Counts);
        return objective.Evaluate(model.Parameters, TestContext.Current.CancellationToken).Accuracy;
    }

    /// <summary>The loss of a candidate with the statistics of the server's data.</summary>
    private static double StaleLoss(ShiftedTask task, MaskedSparseObjective objective, ModelMask mask)
    {
        ModelContent model = task.Copy();
        model.Use(mask);
        objective.Mask = mask;
        objective.Select(task.Set, task.Rows.SelectMany(rows => rows).ToArray());
        objective.LoadStatistics(model.Statistics, model.Counts);
        return objective.Evaluate(model.Parameters, TestContext.Current.CancellationToken).MeanLoss;
    }

    /// <summary>The rank correlation of losses, smaller being better, and accuracies.</summary>
    private static double Spearman(double[] losses, double[] accuracies)
    {
        double[] first = Ranks([.. losses.Select(loss => -loss)]), second = Ranks(accuracies);
        double mean = (first.Length + 1) / 2.0;
        double Product(double[] a, double[] b) => a.Zip(b).Sum(pair => (pair.First - mean) * (pair.Second - mean));
        return Product(first, second) / Math.Sqrt(Product(first, first) * Product(second, second));
    }

    /// <summary>Ranks from 1; equals share the mean of theirs.</summary>
    private static double[] Ranks(double[] values) =>
        [.. values.Select(value => values.Count(other => other < value) + ((values.Count(other => other == value) + 1) / 2.0))];

    private sealed record Judgement(int Chosen, int ChosenStale, double[] Accuracies, double Pooled, double Stale);
}
