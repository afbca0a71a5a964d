namespace Federated.Client.Sessions;

/// <summary>What a run did until it ended.</summary>
/// <param name="Trained">Updates of training rounds that the server stored.</param>
/// <param name="Evaluated">Evaluations and statistics that the server stored.</param>
/// <param name="Counted">Updates of this or an earlier run that became part of a model version or a result.</param>
/// <param name="Discarded">Updates that will never count.</param>
/// <param name="Failed">Tasks that were given up.</param>
public sealed record SessionSummary(int Trained, int Evaluated, int Counted, int Discarded, int Failed)
{
    /// <summary>Rounds of exchanges of scalars whose record has this device's gradients.</summary>
    public int Exchanged { get; init; }

    /// <summary>SHA-256 of the state that the last exchange ended with, lower-case hexadecimal: the same on every device. Null without one.</summary>
    public string? StateHash { get; init; }
}
