namespace Federated.DaprSidecar.State;

/// <summary>Keys with values and opaque ETags. A group of changes is carried out whole or not at all.</summary>
internal interface IStateStore
{
    Task<StateEntry?> FindAsync(string key, CancellationToken cancellationToken);

    Task<StateOutcome> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken);
}
