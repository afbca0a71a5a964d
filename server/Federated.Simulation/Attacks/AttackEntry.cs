namespace Federated.Simulation.Attacks;

/// <summary>An attack of the catalogue.</summary>
/// <param name="Description">What is said about it.</param>
/// <param name="Make">Makes it from its text and the values of its settings.</param>
internal sealed record AttackEntry(AttackDescription Description, Func<string, IReadOnlyDictionary<string, double>, Attack> Make);
