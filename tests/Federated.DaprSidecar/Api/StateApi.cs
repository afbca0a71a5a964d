using System.Net;
using Federated.DaprSidecar.State;
using Grpc.Core;

namespace Federated.DaprSidecar.Api;

/// <summary>State, behind both interfaces.</summary>
internal sealed class StateApi(SidecarOptions options, IStateStore store)
{
    public Task<StateEntry?> FindAsync(string name, string key, CancellationToken cancellationToken)
    {
        Check(name);
        return store.FindAsync(key, cancellationToken);
    }

    /// <summary>Each change by itself; the first conflict ends the call.</summary>
    public async Task ApplyEachAsync(string name, IEnumerable<StateChange> changes, CancellationToken cancellationToken)
    {
        foreach (StateChange change in changes)
        {
            await ApplyAsync(name, [change], cancellationToken);
        }
    }

    /// <summary>All changes or none.</summary>
    public async Task ApplyAsync(string name, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        Check(name);
        if (await store.ApplyAsync(changes, cancellationToken) == StateOutcome.Conflict)
        {
            throw new ApiError(
                HttpStatusCode.Conflict, StatusCode.Aborted, "ERR_STATE_SAVE",
                $"possible etag mismatch for {string.Join(", ", changes.Select(change => change.Key))} in state store {name}");
        }
    }

    private void Check(string name)
    {
        if (name != options.StateStore)
        {
            throw new ApiError(
                HttpStatusCode.BadRequest, StatusCode.InvalidArgument, "ERR_STATE_STORE_NOT_FOUND", $"state store {name} is not found");
        }
    }
}
