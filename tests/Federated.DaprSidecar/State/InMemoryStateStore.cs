using System.Globalization;

namespace Federated.DaprSidecar.State;

/// <summary>State that lives as long as the sidecar.</summary>
internal sealed class InMemoryStateStore : IStateStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StateEntry> _entries = new(StringComparer.Ordinal);
    private long _version;

    public Task<StateEntry?> FindAsync(string key, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_entries.GetValueOrDefault(key));
        }
    }

    public Task<StateOutcome> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!changes.All(change => change.Accepts(_entries.GetValueOrDefault(change.Key)?.ETag)))
            {
                return Task.FromResult(StateOutcome.Conflict);
            }

            foreach (StateChange change in changes)
            {
                if (change.Value is null)
                {
                    _entries.Remove(change.Key);
                }
                else
                {
                    _entries[change.Key] = new StateEntry(change.Value, (++_version).ToString(CultureInfo.InvariantCulture));
                }
            }

            return Task.FromResult(StateOutcome.Applied);
        }
    }
}
