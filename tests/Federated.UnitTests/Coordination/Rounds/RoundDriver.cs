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

    /// <summary>Devices check in, as many as the round waits for, and are configured.</summary>
    public Assignment[] Open(params string[] devices)
    {
        CheckInAll(devices);
        return Configure(Take());
    }

    /// <summary>The round starts with fewer devices than it waits for, when the selection time has passed.</summary>
    public Assignment[] OpenWithFewer(params string[] devices)
    {
        CheckInAll(devices);
        return Configure(Advance(Terms.SelectionTime.TotalSeconds));
    }

    /// <summary>A round of three is taken up again after a restart.</summary>
    /// <param name="stored">Ids of the updates that are there.</param>
    public Assignment[] Resume(params string[] stored)
    {
        Assignment[] assignments = [.. Enumerable.Range(0, 3).Select(number => new Assignment($"job-t1-{number}", number, $"d{number}", 0))];
        Machine.Resume(new RoundKey("default", "job", 1, TaskKind.Train), Terms, Start + TimeSpan.FromSeconds(300), assignments, stored.ToHashSet(), Now);
        return assignments;
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

    private void CheckInAll(string[] devices)
    {
        foreach (string device in devices)
        {
            CheckIn(device);
        }
    }

    private Assignment[] Configure(List<RoundDecision> decisions)
    {
        Assignment[] assigned = [.. decisions.Where(decision => decision.Kind == RoundDecisionKind.Assign).Select(decision => decision.Assignment!)];
        Machine.Configured(Now);
        return assigned;
    }
}
