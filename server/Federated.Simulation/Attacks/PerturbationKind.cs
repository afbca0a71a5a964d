namespace Federated.Simulation.Attacks;

/// <summary>The direction in which Min-Max leaves the honest mean.</summary>
internal enum PerturbationKind
{
    /// <summary>The standard deviation of each coordinate.</summary>
    Deviation,

    /// <summary>The mean itself, of length 1.</summary>
    Unit,

    /// <summary>The signs of the mean.</summary>
    Sign,
}
