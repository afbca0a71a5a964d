using System.Diagnostics.CodeAnalysis;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>The check-ins that wait for the coordinator's answer. Used by its loop only.</summary>
internal sealed class CheckInCalls
{
    private readonly Dictionary<long, CheckInCall> _open = [];
    private long _last;

    public void Add(CheckInCall call)
    {
        call.Id = ++_last;
        _open.Add(call.Id, call);
    }

    public void Remove(CheckInCall call) => _open.Remove(call.Id);

    public bool TryFind(long id, [NotNullWhen(true)] out CheckInCall? call) => _open.TryGetValue(id, out call);

    public void Reject(long id, RejectionReason reason, TimeSpan retryAfter)
    {
        if (_open.Remove(id, out CheckInCall? call))
        {
            call.Reject(reason, retryAfter);
        }
    }

    public void RejectAll(RejectionReason reason, TimeSpan retryAfter)
    {
        foreach (CheckInCall call in _open.Values)
        {
            call.Reject(reason, retryAfter);
        }

        _open.Clear();
    }
}
