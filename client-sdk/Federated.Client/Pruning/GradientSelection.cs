namespace Federated.Client.Pruning;

/// <summary>What a search for the largest gradients found.</summary>
/// <param name="Count">Coordinates that were written.</param>
/// <param name="IsFinite">False when the loss or a gradient was NaN or infinite: nothing may be sent then.</param>
public readonly record struct GradientSelection(int Count, bool IsFinite);
