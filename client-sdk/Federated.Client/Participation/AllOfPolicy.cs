namespace Federated.Client.Participation;

/// <summary>
/// Takes part when every one of several policies does, with the fewest steps that any of them allows, until the first of them wants to be asked again. Otherwise it says the
/// reasons of all that refuse, and asks again when the last of them would.
/// </summary>
public sealed class AllOfPolicy : IParticipationPolicy
{
    private readonly IParticipationPolicy[] _policies;

    /// <summary>Creates the policy.</summary>
    /// <param name="policies">The policies; at least one.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public AllOfPolicy(params IEnumerable<IParticipationPolicy> policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        _policies = [.. policies];
        if (_policies.Length == 0)
        {
            throw new ArgumentException("Name at least one policy.", nameof(policies));
        }
    }

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context)
    {
        int steps = int.MaxValue;
        DateTimeOffset? first = null;
        DateTimeOffset? last = DateTimeOffset.MinValue;
        string reasons = "";
        foreach (IParticipationPolicy policy in _policies)
        {
            ParticipationDecision decision = policy.Decide(context);
            if (decision.TakesPart)
            {
                steps = Math.Min(steps, decision.MaxSteps);
                first = decision.AskAgainAt is { } at && !(at >= first) ? at : first;
            }
            else
            {
                // One that waits for its conditions makes all wait for them.
                last = last is null || decision.AskAgainAt is not { } at ? null : at > last ? at : last;
                reasons = reasons.Length == 0 ? decision.Reason : $"{reasons}; {decision.Reason}";
            }
        }

        return reasons.Length == 0 ? ParticipationDecision.Now(steps, first) : ParticipationDecision.NotNow(reasons, last);
    }

    /// <inheritdoc />
    public void Spent(ParticipationCost cost, DateTimeOffset now)
    {
        foreach (IParticipationPolicy policy in _policies)
        {
            policy.Spent(cost, now);
        }
    }
}
