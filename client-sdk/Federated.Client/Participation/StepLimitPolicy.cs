namespace Federated.Client.Participation;

/// <summary>Takes part at any time with at most so many local steps.</summary>
public sealed class StepLimitPolicy : IParticipationPolicy
{
    private readonly ParticipationDecision _decision;

    /// <summary>Creates the policy.</summary>
    /// <param name="maxSteps">Most local steps of a task, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no steps.</exception>
    public StepLimitPolicy(int maxSteps) => _decision = ParticipationDecision.Now(maxSteps);

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context) => _decision;
}
