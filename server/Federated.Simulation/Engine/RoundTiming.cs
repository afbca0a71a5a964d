using Federated.Coordination.Rounds;
using Federated.Numerics;
using Federated.Protocol;
using Federated.Protocol.Rounds;
using Federated.Simulation.Devices;

namespace Federated.Simulation.Engine;

/// <summary>When the clients of a simulated round report, and which of them never do. Without devices everybody takes next to no time.</summary>
internal sealed class RoundTiming(SimulationSetup setup, VirtualClock clock, List<ClientFailure> failures)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(1);

    private readonly DeviceFleet? _fleet = setup.Fleet;
    private DeviceTask[] _tasks = [];
    private DateTimeOffset _began;

    /// <summary>Simulated seconds since the start of the run; null without devices.</summary>
    public double? SimulatedSeconds => _fleet is null ? null : VirtualClock.Seconds(clock.Now);

    /// <summary>Simulated seconds since the round began; 0 without devices.</summary>
    public double Elapsed => _fleet is null ? 0 : VirtualClock.Seconds(clock.Now) - VirtualClock.Seconds(_began);

    /// <summary>The cohort is there.</summary>
    public void Begin() => _began = clock.Now;

    /// <summary>Puts the round in the order in which its updates arrive, and finds those that never do or come too late.</summary>
    /// <param name="key">The round.</param>
    /// <param name="order">Its assignments, put in order.</param>
    /// <param name="deadline">When reporting ends.</param>
    /// <param name="workOf">What each is to do: local steps, bytes down and up.</param>
    /// <returns>For each of the order, whether its update never comes.</returns>
    public bool[] Plan(RoundKey key, List<Assignment> order, DateTimeOffset deadline, Func<Assignment, (int Steps, long Down, long Up)> workOf)
    {
        if (_fleet is null)
        {
            return [.. order.Select(assignment => Vanishes(key, assignment))];
        }

        double now = VirtualClock.Seconds(_began), end = VirtualClock.Seconds(deadline);
        var planned = order.Select(assignment =>
        {
            (int steps, long down, long up) = workOf(assignment);
            return (Assignment: assignment, Task: _fleet.Begin(assignment.ClientIndex, (uint)key.Round, now, steps, down, up));
        }).OrderBy(work => work.Task.Ends).ToList();
        order.Clear();
        order.AddRange(planned.Select(work => work.Assignment));
        _tasks = [.. planned.Select(work => work.Task)];
        return [.. _tasks.Select(task => task.Lost is not null || task.Ends >= end)];
    }

    /// <summary>Local steps that a device does; 0 for those of the task.</summary>
    public int StepsOf(int item) => _fleet is null ? 0 : _tasks[item].Steps;

    /// <summary>Time passes until a client reports.</summary>
    public void Pass(int item, bool vanishes)
    {
        if (_fleet is null)
        {
            clock.Advance(ReportInterval);
        }
        else if (!vanishes)
        {
            clock.AdvanceTo(VirtualClock.At(_tasks[item].Ends));
        }
    }

    /// <summary>Every device works until it is done, lost, or told that the round is over; null without devices.</summary>
    public double? BusySeconds(int clients)
    {
        double began = VirtualClock.Seconds(_began), over = VirtualClock.Seconds(clock.Now);
        return _fleet is null ? null : _tasks.Take(clients).Sum(task => Math.Min(task.Ends, over) - began);
    }

    /// <summary>Notes the clients whose updates have not come by the end of the round.</summary>
    /// <param name="key">The round.</param>
    /// <param name="order">Its assignments, as <see cref="Plan"/> has put them.</param>
    /// <param name="vanishes">Whose updates never come.</param>
    /// <param name="vanished">Those of them whose turn came before the round was over.</param>
    /// <param name="deadline">When reporting ends.</param>
    /// <param name="reportingTime">Time for reporting.</param>
    public void Record(
        RoundKey key, List<Assignment> order, bool[] vanishes, List<Assignment> vanished, DateTimeOffset deadline, TimeSpan reportingTime)
    {
        if (_fleet is null)
        {
            string when = FormattableString.Invariant($"no update arrived before the deadline of {reportingTime.TotalSeconds} s");
            failures.AddRange(vanished.Select(assignment => new ClientFailure(
                key.Round, assignment.DeviceId, ErrorKinds.DroppedOut,
                FormattableString.Invariant($"The client vanished in the middle of the round (drop-out probability {setup.Request.DropOut}); {when}."))));
            return;
        }

        double over = VirtualClock.Seconds(clock.Now);
        for (int i = 0; i < order.Count; i++)
        {
            if (vanishes[i] && _tasks[i].Lost is { } lost && _tasks[i].Ends <= over)
            {
                failures.Add(new ClientFailure(key.Round, order[i].DeviceId, ErrorKinds.DroppedOut, lost));
            }
            else if (vanishes[i] && over >= VirtualClock.Seconds(deadline))
            {
                failures.Add(new ClientFailure(
                    key.Round, order[i].DeviceId, "too-late",
                    FormattableString.Invariant($"The update would have come {_tasks[i].Ends - VirtualClock.Seconds(_began):0.0} s after the start; the deadline is {reportingTime.TotalSeconds} s.")));
            }
        }
    }

    private bool Vanishes(RoundKey key, Assignment assignment) =>
        setup.Request.DropOut > 0
        && new CounterRandom(setup.Request.Job.Seed, RandomPurpose.Faults, assignment.ClientIndex, (uint)key.Round).NextDouble() < setup.Request.DropOut;
}
