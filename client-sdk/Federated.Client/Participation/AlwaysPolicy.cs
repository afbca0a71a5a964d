namespace Federated.Client.Participation;

/// <summary>Takes part whenever there is work, with as many steps as the task asks for: the policy of a device that was given none.</summary>
public sealed class AlwaysPolicy : IParticipationPolicy
{
    private static readonly ParticipationDecision Yes = ParticipationDecision.Now();

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context) => Yes;
}
