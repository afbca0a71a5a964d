namespace Federated.Aggregation.Robust.Flag;

/// <summary>What is projected on the fitted subspace, and by what the sum is divided.</summary>
public enum FlagForm
{
    /// <summary>Normalised updates, divided by m and brought to the length of an update: (m/p) · median norm.</summary>
    Rescaled,

    /// <summary>Normalised updates, divided by m: what the published code does. Its length is below 2 by default, whatever the updates' are.</summary>
    Normalised,

    /// <summary>Raw updates, divided by p. Not robust: one long update enters with its full length.</summary>
    Raw,
}
