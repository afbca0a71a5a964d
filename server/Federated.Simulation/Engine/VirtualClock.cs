namespace Federated.Simulation.Engine;

/// <summary>The time of a simulation: it stands still while clients train and jumps where the live system would wait.</summary>
internal sealed class VirtualClock
{
    public DateTimeOffset Now { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Seconds since the start.</summary>
    public static double Seconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>The time of a simulated second.</summary>
    public static DateTimeOffset At(double seconds) => DateTimeOffset.UnixEpoch.AddSeconds(seconds);

    public void Advance(TimeSpan time) => Now += time;

    public void AdvanceTo(DateTimeOffset time) => Now = time > Now ? time : Now;
}
