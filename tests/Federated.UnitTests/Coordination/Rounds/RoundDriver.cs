using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Rounds;

/// <summary>Drives a state machine by hand: keeps the time, hands out call ids, carries out nothing.</summary>
internal sealed class RoundDriver
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly RoundTerms Terms =
        new(Target: 3, Goal: 3, Minimum: 2, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(600));

    private long _lastCall;

    public RoundDriver(int maxWaiting = 100)
    {
        Machine = new RoundStateMachine(
            new UniformSelection(1), new PaceSteering(1), new PopulationEstimate(TimeSpan.FromMinutes(10)), maxWaiting);
    }

    public RoundStateMachine Machine { get; }

    public DateTimeOffset Now { get; set; } = Start;

    public void Begin(int round = 1, RoundTerms? terms = null, TaskKind kind = TaskKind.Train) =>
        Machine.Begin(new RoundKey("default", "job", round, kind), terms ?? Terms, Now);

    public long CheckIn(
        string device,
        double waitSeconds = 3600,
        DeviceTasks tasks = DeviceTasks.Train | DeviceTasks.Evaluate,
        string? held = null)
    {
        var candidate = new Candidate(
            ++_lastCall, device, (uint)device[^1], tasks, Now + TimeSpan.FromSeconds(waitSeconds), held);
        Machine.CheckIn(candidate, Now);
        return candidate.CallId;
    }

    /// <summary>Three devices a, b, c check in and are configured.</summary>
    public Assignment[] Open(params string[] devices)
    {
        foreach (string device in devices)
        {
            CheckIn(device);
        }

        Assignment[] assigned = [.. Take().Where(decision => decision.Kind == RoundDecisionKind.Assign).Select(decision => decision.Assignment!)];
        Machine.Configured(Now);
        return assigned;
    }

    public List<RoundDecision> Take()
    {
        var decisions = new List<RoundDecision>();
        while (Machine.TryTake(out RoundDecision decision))
        {
            decisions.Add(decision);
        }

        return decisions;
    }

    public List<RoundDecision> Advance(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        Machine.Tick(Now);
        return Take();
    }
}
