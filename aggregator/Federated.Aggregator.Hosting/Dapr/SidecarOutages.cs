namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>When the process's sidecar did not answer, also where the call that met it was tried again until it did: what others said meanwhile did not come.</summary>
public sealed class SidecarOutages(TimeProvider time)
{
    private long _latest;

    /// <summary>Time stamp of the latest call without an answer; 0 for never.</summary>
    public long Latest => Volatile.Read(ref _latest);

    /// <summary>The sidecar does not answer now.</summary>
    public void Note() => Volatile.Write(ref _latest, time.GetTimestamp());

    /// <summary>Whether the sidecar has answered every call for that long.</summary>
    public bool AreOver(TimeSpan since) => Latest is var latest && (latest == 0 || time.GetElapsedTime(latest) > since);
}
