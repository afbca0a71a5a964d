namespace Federated.Protocol.Jobs;

/// <summary>The server optimizer, which treats the negated mean update as a gradient (FedOpt).</summary>
public sealed record ServerOptimizerSettings
{
    /// <summary><c>sgd</c>, <c>momentum</c>, <c>adam</c>, <c>yogi</c> or <c>adagrad</c>.</summary>
    public string Name { get; set; } = "sgd";

    /// <summary>Learning rate; null for the optimizer's own default (1 for sgd and momentum, 0.1 for adam and adagrad, 0.01 for yogi).</summary>
    public double? LearningRate { get; set; }

    /// <summary>Momentum (beta 1) in [0, 1); null for the optimizer's own default.</summary>
    public double? Momentum { get; set; }

    /// <summary>Second-moment decay (beta 2) in [0, 1).</summary>
    public double Beta2 { get; set; } = 0.99;

    /// <summary>Adaptivity term tau, greater than 0.</summary>
    public double Tau { get; set; } = 1e-3;

    /// <summary>Whether adam divides out the start of its moments.</summary>
    public bool BiasCorrection { get; set; }
}
