namespace Federated.Simulation.Studies.Byzantine;

/// <summary>A rule of the study with the settings that stand for it.</summary>
/// <param name="Rule">The rule with the settings whose worst case is best.</param>
/// <param name="Tried">Number of settings that were tried.</param>
/// <param name="Accuracies">Mean accuracy over the seeds, by attack in the order of the study.</param>
/// <param name="Worst">The smallest of them.</param>
/// <param name="WorstAttack">The attack that it is under.</param>
/// <param name="BackdoorSuccess">Mean success of the backdoor; null when the study has none.</param>
public sealed record StudyRow(string Rule, int Tried, IReadOnlyList<double> Accuracies, double Worst, string WorstAttack, double? BackdoorSuccess);
