namespace Federated.Simulation.Studies.Byzantine;

/// <summary>A rule of a study and the settings that it is tried with; the one with the best worst case stands for it.</summary>
/// <param name="Name">The rule without its settings.</param>
/// <param name="Texts">The rule with settings, as job definitions write it.</param>
/// <param name="ServerLearningRates">Server learning rates that it is tried with; null for the job's own. Rules whose aggregate has no magnitude need one.</param>
public sealed record RuleCandidates(string Name, IReadOnlyList<string> Texts, IReadOnlyList<double>? ServerLearningRates = null);
