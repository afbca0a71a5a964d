namespace Federated.Coordination.Selection;

/// <summary>What the server has learned from a counted update, for strategies that look back.</summary>
/// <param name="ClientIndex">Stands for the device.</param>
/// <param name="Round">The round.</param>
/// <param name="Examples">Examples that the device trained on.</param>
/// <param name="Loss">Mean training loss in nats; NaN when unknown.</param>
/// <param name="Seconds">Seconds that the work took; 0 when unknown.</param>
public readonly record struct Participation(uint ClientIndex, int Round, double Examples, double Loss, double Seconds);
