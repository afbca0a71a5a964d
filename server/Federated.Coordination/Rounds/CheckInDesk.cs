using Federated.Protocol.V1;

namespace Federated.Coordination.Rounds;

/// <summary>The devices that ask for a task: lets them wait, finds those who can do one, and turns the others away until it makes sense to come back.</summary>
/// <param name="pace">Spreads the retries of the rejected.</param>
/// <param name="population">Estimates how many devices there are.</param>
/// <param name="maxWaiting">Check-ins that may wait at once; more are rejected at once.</param>
/// <param name="decisions">Where rejections go.</param>
internal sealed class CheckInDesk(PaceSteering pace, PopulationEstimate population, int maxWaiting, Queue<RoundDecision> decisions)
{
    private readonly WaitingDevices _waiting = new();
    private readonly List<Candidate> _eligible = [];

    /// <summary>How many wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>When the time of the first of them passes; null for never.</summary>
    public DateTimeOffset? NextExpiry => _waiting.NextExpiry;

    /// <summary>Those who wait, in no order.</summary>
    public IEnumerable<Candidate> All => _waiting.All;

    /// <summary>The devices that <see cref="FindEligible"/> found.</summary>
    public IReadOnlyList<Candidate> Eligible => _eligible;

    /// <summary>A device is here. An earlier check-in of it that still waits is superseded.</summary>
    public void Arrive(in Candidate candidate, DateTimeOffset now)
    {
        population.Seen(candidate.DeviceId, now);
        if (_waiting.Remove(candidate.DeviceId, out Candidate earlier))
        {
            Reject(earlier, RejectionReason.Superseded, TimeSpan.Zero);
        }
    }

    /// <summary>Lets a device wait; false when too many do, and it is turned away.</summary>
    public bool TryWait(in Candidate candidate, bool isOpen, RoundTerms? terms, DateTimeOffset now)
    {
        if (_waiting.Count >= maxWaiting)
        {
            TurnAway(candidate, isOpen, terms, now);
            return false;
        }

        _waiting.Add(candidate);
        return true;
    }

    /// <summary>The caller of a check-in has gone.</summary>
    public void Leave(string deviceId, long callId)
    {
        if (_waiting.Remove(deviceId, callId))
        {
            population.Gone(deviceId);
        }
    }

    /// <summary>A device gets a task: it waits no more.</summary>
    public void Take(in Candidate candidate) => _waiting.Remove(candidate.DeviceId, candidate.CallId);

    /// <summary>Turns those away whose time has passed.</summary>
    public void Expire(bool isOpen, RoundTerms? terms, DateTimeOffset now)
    {
        while (_waiting.TryTakeExpired(now, out Candidate candidate))
        {
            TurnAway(candidate, isOpen, terms, now);
        }
    }

    public void RejectAll(RejectionReason reason, TimeSpan retryAfter)
    {
        foreach (Candidate candidate in _waiting.All)
        {
            Reject(candidate, reason, retryAfter);
        }

        _waiting.Clear();
    }

    /// <summary>Rejects the check-in of one device, if it waits.</summary>
    public void RejectDevice(string deviceId, RejectionReason reason, TimeSpan retryAfter)
    {
        if (_waiting.Remove(deviceId, out Candidate candidate))
        {
            Reject(candidate, reason, retryAfter);
        }
    }

    /// <summary>Finds those who wait, can do a task and may be given one; ordered, so that arrival decides nothing.</summary>
    /// <returns>How many there are.</returns>
    public int FindEligible(TaskKind kind, Func<string, bool> isFree)
    {
        DeviceTasks task = kind switch
        {
            TaskKind.Train => DeviceTasks.Train,
            TaskKind.Evaluate => DeviceTasks.Evaluate,
            _ => DeviceTasks.Statistics,
        };
        _eligible.Clear();
        foreach (Candidate candidate in _waiting.All)
        {
            if ((candidate.Tasks & task) != 0 && isFree(candidate.DeviceId))
            {
                _eligible.Add(candidate);
            }
        }

        _eligible.Sort(static (left, right) =>
            left.ClientIndex != right.ClientIndex
                ? left.ClientIndex.CompareTo(right.ClientIndex)
                : string.CompareOrdinal(left.DeviceId, right.DeviceId));
        return _eligible.Count;
    }

    private void TurnAway(in Candidate candidate, bool isOpen, RoundTerms? terms, DateTimeOffset now) =>
        Reject(candidate, isOpen ? RejectionReason.CohortFull : RejectionReason.NoWork, pace.RetryAfter(candidate, population.Count(now), terms));

    private void Reject(in Candidate candidate, RejectionReason reason, TimeSpan retryAfter) =>
        decisions.Enqueue(new RoundDecision(RoundDecisionKind.Reject, candidate.CallId, Rejection: reason, RetryAfter: retryAfter));
}
