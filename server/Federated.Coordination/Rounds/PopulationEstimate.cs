namespace Federated.Coordination.Rounds;

/// <summary>How many distinct devices have checked in within a window that slides.</summary>
public sealed class PopulationEstimate
{
    private readonly TimeSpan _window;
    private readonly Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);
    private DateTimeOffset? _since;
    private DateTimeOffset _prunedAt;

    /// <summary>Creates an estimate that has seen nobody.</summary>
    /// <param name="window">Devices not seen for longer are taken to be gone.</param>
    public PopulationEstimate(TimeSpan window)
    {
        _window = window;
    }

    /// <summary>A device has checked in.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="now">The time.</param>
    public void Seen(string deviceId, DateTimeOffset now)
    {
        _since ??= now;
        _seen[deviceId] = now;
        Prune(now);
    }

    /// <summary>A device has gone; should it check in again, it counts again.</summary>
    /// <param name="deviceId">The device.</param>
    public void Gone(string deviceId) => _seen.Remove(deviceId);

    /// <summary>Devices seen within the window.</summary>
    /// <param name="now">The time.</param>
    public int Count(DateTimeOffset now)
    {
        Prune(now);
        return _seen.Count;
    }

    /// <summary>
    /// Whether everybody who is around waits already, so that waiting longer for a fuller cohort is in vain. Never true before a
    /// whole selection time has been watched.
    /// </summary>
    /// <param name="waiting">Devices that wait.</param>
    /// <param name="selectionTime">The time to watch at least.</param>
    /// <param name="now">The time.</param>
    public bool IsComplete(int waiting, TimeSpan selectionTime, DateTimeOffset now) =>
        waiting > 0 && now - _since >= selectionTime && waiting >= Count(now);

    // A full pass each quarter of the window keeps the cost per check-in constant.
    private void Prune(DateTimeOffset now)
    {
        if (now - _prunedAt < _window / 4)
        {
            return;
        }

        _prunedAt = now;
        foreach ((string device, DateTimeOffset at) in _seen)
        {
            if (now - at > _window)
            {
                _seen.Remove(device);
            }
        }
    }
}
