namespace Federated.Client.Participation;

/// <summary>Takes part while nobody uses the device.</summary>
public sealed class IdlePolicy : IParticipationPolicy
{
    private static readonly ParticipationDecision Unknown =
        ParticipationDecision.NotNow("whether the device is idle is unknown: the application supplies no such condition");

    private static readonly ParticipationDecision No = ParticipationDecision.NotNow("the device is in use");

    /// <summary>Whether the device takes part when it is not known whether it is idle. Default: false.</summary>
    public bool TakesPartWhenUnknown { get; init; }

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (context.Conditions.IsIdle ?? TakesPartWhenUnknown) ? ParticipationDecision.Now()
            : context.Conditions.IsIdle is null ? Unknown
            : No;
    }
}
