using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.Simulation.Pretraining;

namespace Federated.Simulation.Studies;

/// <summary>
/// The task of the studies of sparse models: 100 clients by Dirichlet(0.5), 10 a round, plain SGD, an initial model that the server has trained with a few public examples. The same for every method.
/// </summary>
/// <param name="IsQuick">Thirty rounds of ten steps instead of 200 rounds of an epoch.</param>
/// <param name="Dataset">Name or path of the data.</param>
internal sealed record PruningTask(bool IsQuick, string Dataset)
{
    /// <summary>Settings of FedTiny; other methods read of them what they know. Adjustments end after two thirds of the rounds, so that what was grown last is trained.</summary>
    /// <param name="model">The model.</param>
    /// <param name="density">Active weights as a share of those of convolutions and linear layers.</param>
    public PruningSettings Settings(string model, double density) => new()
    {
        Method = "fedtiny",
        Density = density,
        Candidates = 10,
        CandidateCohort = IsQuick ? 5 : 0,
        AdjustEvery = IsQuick ? 2 : 5,
        StopAdjusting = IsQuick ? 20 : 130,
        Blocks = model.StartsWith("cnn", StringComparison.Ordinal) ? 4 : 5,
        GradientBatch = IsQuick ? 32 : 64,
    };

    /// <summary>A run.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pruning">How its weights are chosen.</param>
    public SimulationRequest Request(string model, PruningSettings pruning) => new()
    {
        Job = new JobDefinition
        {
            Name = "pruning",
            Model = model,
            Rounds = IsQuick ? 30 : 200,
            Pruning = pruning,
            Local = new LocalSettings
            {
                Epochs = IsQuick ? 0 : 1,
                Steps = IsQuick ? 10 : 0,
                BatchSize = IsQuick ? 16 : 64,
                LearningRate = model.StartsWith("cnn", StringComparison.Ordinal) ? 0.5 : 0.1,
                ClipNorm = 10,
            },
            Round = new RoundSettings { CohortSize = 10 },
            Evaluation = new EvaluationSettings { EveryRounds = IsQuick ? 5 : 10 },
        },
        Dataset = new DatasetRequest { Source = Dataset },
        Partition = new PartitionSpec(PartitionKind.Dirichlet, Alpha: 0.5),
        Pretraining = new PretrainingSpec(Examples: 500, Steps: IsQuick ? 150 : 600),
        Clients = 100,
    };
}
