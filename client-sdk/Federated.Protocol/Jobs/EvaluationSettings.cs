namespace Federated.Protocol.Jobs;

/// <summary>Federated evaluation: devices score a model version on their own held-out examples.</summary>
public sealed record EvaluationSettings
{
    /// <summary>Training rounds between evaluations; 0 for none.</summary>
    public int EveryRounds { get; set; }

    /// <summary>Devices asked; 0 for the cohort size of training.</summary>
    public int CohortSize { get; set; }

    /// <summary>Seconds after which the evaluation is closed with what has come.</summary>
    public double DeadlineSeconds { get; set; } = 120;
}
