namespace Federated.Client.Participation;

/// <summary>What a policy says: take part now, with at most so many local steps; or not now.</summary>
public sealed record ParticipationDecision
{
    private ParticipationDecision(bool takesPart, int maxSteps, DateTimeOffset? askAgainAt, string reason)
    {
        TakesPart = takesPart;
        MaxSteps = maxSteps;
        AskAgainAt = askAgainAt;
        Reason = reason;
    }

    /// <summary>Whether the device takes part now.</summary>
    public bool TakesPart { get; }

    /// <summary>Most local steps of a training task, at least 1; 0 when the device does not take part.</summary>
    public int MaxSteps { get; }

    /// <summary>When the answer may be another one although the conditions have not changed; null when only another condition makes another answer.</summary>
    public DateTimeOffset? AskAgainAt { get; }

    /// <summary>Why not, in a few words without personal data: it is shown, and sent to the server when it ends a task. Empty when the device takes part.</summary>
    public string Reason { get; }

    /// <summary>Take part.</summary>
    /// <param name="maxSteps">Most local steps, at least 1; the task's own number is the limit in any case.</param>
    /// <param name="askAgainAt">When to ask again, also in the midst of the work.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no steps.</exception>
    public static ParticipationDecision Now(int maxSteps = int.MaxValue, DateTimeOffset? askAgainAt = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSteps, 1);
        return new ParticipationDecision(true, maxSteps, askAgainAt, "");
    }

    /// <summary>Do not take part. Local work that is under way stops after its present step, and what it has is sent.</summary>
    /// <param name="reason">Why, in a few words.</param>
    /// <param name="askAgainAt">When to ask again; null for when the conditions change.</param>
    /// <exception cref="ArgumentException">There is no reason.</exception>
    public static ParticipationDecision NotNow(string reason, DateTimeOffset? askAgainAt = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return new ParticipationDecision(false, 0, askAgainAt, reason);
    }
}
