namespace Federated.Client.Algorithms;

/// <summary>How a client half ended.</summary>
public enum ClientOutcome
{
    /// <summary>The update holds the whole work.</summary>
    Completed = 0,

    /// <summary>The work was stopped early; the update holds the steps taken so far and is usable.</summary>
    Partial = 1,

    /// <summary>There was nothing to do: no examples, or stopped before the first step. The update must not be sent.</summary>
    Nothing = 2,

    /// <summary>A loss or a result was not finite. The update must not be sent.</summary>
    Diverged = 3,
}
