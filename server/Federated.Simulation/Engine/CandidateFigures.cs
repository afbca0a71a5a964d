namespace Federated.Simulation.Engine;

/// <summary>A mask that a sparse model might begin with.</summary>
/// <param name="Active">Active weights of every prunable layer.</param>
/// <param name="Loss">Mean loss over the devices' examples; null when no device has judged it.</param>
/// <param name="Examples">Examples behind it.</param>
public sealed record CandidateFigures(IReadOnlyList<int> Active, double? Loss, double Examples);
