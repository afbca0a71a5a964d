namespace Federated.Protocol.Jobs;

/// <summary>Pooled statistics of the devices' data: devices send plain sums, the server keeps what they amount to together. Off while <see cref="Kinds"/> is empty.</summary>
public sealed record StatisticsSettings
{
    /// <summary>
    /// What is pooled: <c>features</c> (count, mean and variance of every feature), <c>labels</c> (their histogram), <c>batch_norm</c> (count, mean and variance of the inputs of every
    /// normalised channel under the current model).
    /// </summary>
    public List<string> Kinds { get; set; } = [];

    /// <summary>Training rounds between statistics; 0 for once, before the first round.</summary>
    public int EveryRounds { get; set; }

    /// <summary>Devices asked; 0 for the cohort size of training.</summary>
    public int CohortSize { get; set; }

    /// <summary>Seconds after which the statistics are closed with what has come.</summary>
    public double DeadlineSeconds { get; set; } = 120;

    /// <summary>Floats an example; 0 for those of a linear model, or of a simulation's data set.</summary>
    public int Features { get; set; }

    /// <summary>Number of classes; 0 for those of a linear model, or of a simulation's data set.</summary>
    public int Labels { get; set; }
}
