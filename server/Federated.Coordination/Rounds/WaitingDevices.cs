namespace Federated.Coordination.Rounds;

/// <summary>The check-ins that wait for an answer, at most one of each device.</summary>
internal sealed class WaitingDevices
{
    private readonly Dictionary<string, Candidate> _byDevice = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Candidate, DateTimeOffset> _expiries = new();

    public int Count => _byDevice.Count;

    public IEnumerable<Candidate> All => _byDevice.Values;

    /// <summary>When <see cref="TryTakeExpired"/> has something to do next; null for never. Early when a device has left meanwhile.</summary>
    public DateTimeOffset? NextExpiry => _expiries.TryPeek(out _, out DateTimeOffset expiry) ? expiry : null;

    public void Add(in Candidate candidate)
    {
        _byDevice.Add(candidate.DeviceId, candidate);
        _expiries.Enqueue(candidate, candidate.WaitUntil);
    }

    public bool Remove(string deviceId, out Candidate candidate) => _byDevice.Remove(deviceId, out candidate);

    /// <summary>Removes a check-in unless a later one of the same device has taken its place.</summary>
    public bool Remove(string deviceId, long callId) =>
        _byDevice.TryGetValue(deviceId, out Candidate candidate) && candidate.CallId == callId && _byDevice.Remove(deviceId);

    /// <summary>Removes a check-in whose time has passed; false when there is none left.</summary>
    public bool TryTakeExpired(DateTimeOffset now, out Candidate candidate)
    {
        while (_expiries.TryPeek(out candidate, out DateTimeOffset expiry))
        {
            bool waits = _byDevice.TryGetValue(candidate.DeviceId, out Candidate current) && current.CallId == candidate.CallId;
            if (waits && expiry > now)
            {
                return false;
            }

            _expiries.Dequeue();
            if (waits)
            {
                return _byDevice.Remove(candidate.DeviceId);
            }
        }

        return false;
    }

    public void Clear()
    {
        _byDevice.Clear();
        _expiries.Clear();
    }
}
