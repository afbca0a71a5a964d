namespace Federated.Simulation.Engine;

/// <summary>Why a simulation ended.</summary>
public enum SimulationEnd
{
    /// <summary>Every round is done.</summary>
    Completed,

    /// <summary>The target accuracy is reached.</summary>
    TargetReached,

    /// <summary>The user stopped it.</summary>
    Cancelled,

    /// <summary>Too many rounds in a row were abandoned.</summary>
    Abandoned,

    /// <summary>A round made a model that is not finite; the model before it stands.</summary>
    Diverged,
}
