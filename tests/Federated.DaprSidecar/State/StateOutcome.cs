namespace Federated.DaprSidecar.State;

/// <summary>How a group of changes ended.</summary>
internal enum StateOutcome
{
    /// <summary>All of them are in the store.</summary>
    Applied,

    /// <summary>A key has another version than one of them expected; nothing has changed.</summary>
    Conflict,
}
