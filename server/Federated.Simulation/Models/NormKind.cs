namespace Federated.Simulation.Models;

/// <summary>The normalisation layers of a ResNet.</summary>
public enum NormKind
{
    /// <summary>Batch normalisation; its running statistics travel in a section of their own.</summary>
    Batch = 0,

    /// <summary>Group normalisation over 32 groups, or as many as there are channels: no statistics, indifferent to what other clients hold.</summary>
    Group = 1,
}
