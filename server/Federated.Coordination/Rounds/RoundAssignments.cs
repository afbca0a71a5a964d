using Federated.Protocol;

namespace Federated.Coordination.Rounds;

/// <summary>The assignments of the open round, by number, id and device (the latest of each), and how many stand where.</summary>
internal sealed class RoundAssignments
{
    private const string LostInClosing = "The update was stored, but its node was lost while the round closed, and the others were enough.";

    private readonly List<Assignment> _all = [];
    private readonly Dictionary<string, Assignment> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Assignment> _byDevice = new(StringComparer.Ordinal);

    public IReadOnlyList<Assignment> All => _all;

    public int Stored { get; private set; }

    public int Outstanding { get; private set; }

    public Assignment? Find(string assignmentId) => _byId.GetValueOrDefault(assignmentId);

    public Assignment? FindOf(string deviceId) => _byDevice.GetValueOrDefault(deviceId);

    public void Add(Assignment assignment)
    {
        _all.Add(assignment);
        _byId.Add(assignment.Id, assignment);
        _byDevice[assignment.DeviceId] = assignment;
        if (assignment.State == AssignmentState.Outstanding)
        {
            Outstanding++;
        }
    }

    public void SetStored(Assignment assignment, DateTimeOffset now)
    {
        if (assignment.State == AssignmentState.Outstanding)
        {
            Outstanding--;
        }

        assignment.State = AssignmentState.Stored;
        assignment.StoredAt = now;
        assignment.FailureKind = null;
        assignment.Reason = null;
        assignment.MayBeLost = false;
        Stored++;
    }

    /// <summary>What the tier held of the update is gone, or where it was to go is.</summary>
    public void SetLost(Assignment assignment)
    {
        if (assignment.State == AssignmentState.Stored)
        {
            assignment.State = AssignmentState.Outstanding;
            Stored--;
            Outstanding++;
        }

        assignment.MayBeLost = true;
    }

    /// <summary>The tier holds the update, and the algorithm does not want it.</summary>
    public void SetRefused(Assignment assignment, string reason)
    {
        if (assignment.State == AssignmentState.Stored)
        {
            Stored--;
        }
        else if (assignment.State == AssignmentState.Outstanding)
        {
            Outstanding--;
        }

        assignment.State = AssignmentState.Refused;
        assignment.Reason = reason;
        assignment.MayBeLost = false;
    }

    public void SetFailed(Assignment assignment, string kind, string message)
    {
        assignment.State = AssignmentState.Failed;
        assignment.FailureKind = kind;
        assignment.Reason = message;
        Outstanding--;
    }

    /// <summary>A task that its device had given up is given to it again.</summary>
    public void SetOutstanding(Assignment assignment)
    {
        if (assignment.State == AssignmentState.Failed)
        {
            assignment.State = AssignmentState.Outstanding;
            assignment.FailureKind = null;
            assignment.Reason = null;
            Outstanding++;
        }
    }

    /// <summary>Notes a time-out for every device that is still silent, save those whose update is in the aggregate all the same.</summary>
    /// <returns>The devices.</returns>
    public IReadOnlyList<string> NoteSilence(IReadOnlySet<string> included)
    {
        var silent = new List<string>();
        foreach (Assignment assignment in _all)
        {
            if (assignment.State == AssignmentState.Outstanding && !included.Contains(assignment.Id))
            {
                assignment.FailureKind = ErrorKinds.TimedOut;
                silent.Add(assignment.DeviceId);
            }
        }

        return silent;
    }

    /// <summary>Gives each assignment its final state by what is in the aggregate, and by nothing else.</summary>
    /// <param name="included">Ids of the updates in the aggregate.</param>
    /// <param name="deadlinePassed">Whether those who are silent have been too slow, or were not needed.</param>
    /// <returns>How many of the updates in the aggregate were ever assigned.</returns>
    public int Settle(IReadOnlySet<string> included, bool deadlinePassed)
    {
        int known = 0;
        foreach (Assignment assignment in _all)
        {
            if (included.Contains(assignment.Id))
            {
                known++;
                assignment.State = AssignmentState.Counted;
                assignment.Reason = null;
                assignment.FailureKind = null;
                continue;
            }

            assignment.Reason ??= assignment.State switch
            {
                AssignmentState.Stored => LostInClosing,
                _ when deadlinePassed => "No update arrived before the deadline.",
                _ => "The round had enough updates before this one arrived.",
            };
            assignment.State = AssignmentState.Discarded;
        }

        return known;
    }

    /// <summary>Discards every assignment.</summary>
    /// <param name="reason">One sentence for those that have none of their own.</param>
    public void SettleAbandoned(string reason)
    {
        foreach (Assignment assignment in _all)
        {
            assignment.Reason ??= reason;
            assignment.State = AssignmentState.Discarded;
        }
    }

    public void Clear()
    {
        _all.Clear();
        _byId.Clear();
        _byDevice.Clear();
        Stored = 0;
        Outstanding = 0;
    }
}
