namespace Federated.Samples.Simulation;

/// <summary>The figures of one moment.</summary>
internal sealed record ProgressSnapshot(
    int Round,
    int Rounds,
    double? Accuracy,
    double? Loss,
    double? TrainingLoss,
    int ClientsDone,
    int ClientsTotal,
    int Counted,
    int Selected,
    int Failures,
    string Bytes,
    TimeSpan Elapsed,
    TimeSpan? Left,
    IReadOnlyList<double> Accuracies);
