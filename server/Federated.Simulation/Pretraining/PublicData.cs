using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Models;

namespace Federated.Simulation.Pretraining;

/// <summary>
/// Public examples that the server of a simulation has, and what it makes of initial models with them. Masks are chosen from the weights of the initial model and, by FedTiny, from its losses; of weights that were
/// only drawn, neither tells anything.
/// </summary>
internal sealed class PublicData
{
    private readonly Dataset _dataset;
    private readonly int[] _rows;
    private readonly Dictionary<string, ModelContent> _trained = [];

    private PublicData(Dataset dataset, int[] rows)
    {
        _dataset = dataset;
        _rows = rows;
    }

    /// <summary>Takes the public examples out of the training part; the seed decides which.</summary>
    /// <param name="dataset">The data.</param>
    /// <param name="spec">How many; null for none.</param>
    /// <param name="seed">The job's seed.</param>
    /// <returns>The data that are left, and the public ones; null without any.</returns>
    /// <exception cref="SimulationException">Nothing would be left for clients.</exception>
    public static (Dataset Left, PublicData? Public) Divide(Dataset dataset, PretrainingSpec? spec, ulong seed)
    {
        if (spec is null)
        {
            return (dataset, null);
        }

        if (spec.Examples >= dataset.Train.Length)
        {
            throw new SimulationException($"pretrain {spec}: there are {dataset.Train.Length} training examples, of which clients need some.");
        }

        int[] places = new CounterRandom(seed, RandomPurpose.Split, 1).Choose(dataset.Train.Length, spec.Examples);
        HashSet<int> rows = [.. places.Select(place => dataset.Train[place])];
        return (dataset.With(train: [.. dataset.Train.Where(row => !rows.Contains(row))]), new PublicData(dataset, [.. rows.Order()]));
    }

    /// <summary>The initial model, trained; models of the same name and settings are trained once.</summary>
    /// <exception cref="SimulationException">The training diverged.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ModelContent Train(ModelDefinition definition, SimulationRequest request, CancellationToken cancellationToken)
    {
        JobDefinition job = request.Job;
        string key = $"{job.Model} {request.ModelOptions} {request.Pretraining} {job.Local} {job.Seed} {request.Device}";
        lock (_trained)
        {
            if (!_trained.TryGetValue(key, out ModelContent? trained))
            {
                _trained.Add(key, trained = Train(definition, job, request.Pretraining!, request.Device, cancellationToken));
            }

            return new ModelContent(trained.Schema, [.. trained.Parameters], [.. trained.Statistics], [.. trained.Counts]);
        }
    }

    private ModelContent Train(ModelDefinition definition, JobDefinition job, PretrainingSpec spec, string device, CancellationToken cancellationToken)
    {
        ModelContent model = definition.Initialise(job.Seed);
        using ModelWorker worker = definition.CreateWorker(device);
        worker.Objective.Select(_dataset.Examples, _rows);
        worker.Objective.LoadStatistics(model.Statistics, model.Counts);
        var plan = new LocalSgdPlan
        {
            Epochs = 0,
            Steps = spec.Steps,
            BatchSize = job.Local.BatchSize,
            LearningRate = job.Local.LearningRate,
            Momentum = job.Local.Momentum,
            WeightDecay = job.Local.WeightDecay,
            ClipNorm = job.Local.ClipNorm,
        };
        float[] local = new float[model.Parameters.Length];
        LocalSgdResult result = worker.Solver.Solve(plan, new TrainingKey(job.Seed, uint.MaxValue, 0), model.Parameters, [], local, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (result.Diverged || !TensorPrimitives.IsFiniteAll<float>(local))
        {
            throw new SimulationException($"pretrain {spec}: the model diverged after {result.Steps} steps; give a smaller rate, or a clip norm.");
        }

        var trained = new ModelContent(model.Schema, local, model.Statistics, model.Counts);
        worker.Objective.StoreStatistics(trained.Statistics, trained.Counts);
        return trained;
    }
}
