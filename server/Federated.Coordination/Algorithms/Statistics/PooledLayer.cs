namespace Federated.Coordination.Algorithms.Statistics;

/// <summary>What reaches one normalisation layer of the model.</summary>
/// <param name="Name">The layer's name in the model's schema.</param>
/// <param name="Channels">Moments of its channels.</param>
public sealed record PooledLayer(string Name, PooledMoments Channels);
