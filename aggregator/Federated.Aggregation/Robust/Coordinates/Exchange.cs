namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>One step of a network: puts the smaller of two rows into the first and the larger into the second.</summary>
/// <param name="Low">The row that gets the minimum.</param>
/// <param name="High">The row that gets the maximum.</param>
/// <param name="Keeps">Which of the two results somebody reads.</param>
internal readonly record struct Exchange(int Low, int High, ExchangeKeeps Keeps);
