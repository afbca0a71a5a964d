namespace Federated.Client.OneByte;

/// <summary>What came of the slopes that a machine measured in a round.</summary>
/// <param name="MeanLoss">Mean of the losses to both sides, in nats; NaN when one was not finite.</param>
/// <param name="Passes">Forward passes over a batch.</param>
/// <param name="Examples">Examples of the round's batches.</param>
/// <param name="Zero">Slopes too small for the code.</param>
/// <param name="Saturated">Slopes beyond the code's largest value.</param>
/// <param name="Invalid">Slopes whose loss was not finite.</param>
public readonly record struct SlopeFigures(double MeanLoss, int Passes, int Examples, int Zero, int Saturated, int Invalid);
