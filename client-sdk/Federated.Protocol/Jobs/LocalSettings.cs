namespace Federated.Protocol.Jobs;

/// <summary>Local training on a device. Exactly one of <see cref="Epochs"/> and <see cref="Steps"/> is positive.</summary>
public sealed record LocalSettings
{
    /// <summary>Passes over the local data; 0 when <see cref="Steps"/> is set.</summary>
    public int Epochs { get; set; } = 1;

    /// <summary>Optimizer steps; 0 when <see cref="Epochs"/> is set.</summary>
    public int Steps { get; set; }

    /// <summary>Examples per step; 0 for all local examples.</summary>
    public int BatchSize { get; set; } = 32;

    /// <summary>Learning rate, greater than 0.</summary>
    public double LearningRate { get; set; } = 0.1;

    /// <summary>Momentum in [0, 1).</summary>
    public double Momentum { get; set; }

    /// <summary>L2 weight decay, at least 0.</summary>
    public double WeightDecay { get; set; }

    /// <summary>Largest L2 norm of a mini-batch gradient; 0 for no bound.</summary>
    public double ClipNorm { get; set; }
}
