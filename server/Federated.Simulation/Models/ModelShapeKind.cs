namespace Federated.Simulation.Models;

/// <summary>The kinds of examples that models tell apart.</summary>
public enum ModelShapeKind
{
    /// <summary>A row of numbers without neighbourhood.</summary>
    Flat = 0,

    /// <summary>Channels × height × width.</summary>
    Image = 1,

    /// <summary>Token numbers in order.</summary>
    Text = 2,
}
