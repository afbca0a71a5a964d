namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Names a run of a study.</summary>
/// <param name="Rule">The rule without its settings.</param>
/// <param name="Text">The rule with its settings.</param>
/// <param name="ServerLearningRate">The server's learning rate; null for the job's own.</param>
/// <param name="Attack">The attack; <c>none</c> for none.</param>
/// <param name="Seed">The seed of every draw.</param>
public sealed record CellKey(string Rule, string Text, double? ServerLearningRate, string Attack, ulong Seed)
{
    /// <summary>The rule with its settings, for people.</summary>
    public string Settings => ServerLearningRate is { } rate ? FormattableString.Invariant($"{Text} (server rate {rate})") : Text;
}
