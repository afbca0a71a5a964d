namespace Federated.Client.Participation;

/// <summary>Takes part while the device is being charged.</summary>
public sealed class ChargingPolicy : IParticipationPolicy
{
    private static readonly ParticipationDecision Unknown =
        ParticipationDecision.NotNow("whether the device charges is unknown: the application supplies no such condition");

    private static readonly ParticipationDecision No = ParticipationDecision.NotNow("the device does not charge");

    /// <summary>Whether the device takes part when it is not known whether it charges. Default: false.</summary>
    public bool TakesPartWhenUnknown { get; init; }

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (context.Conditions.IsCharging ?? TakesPartWhenUnknown) ? ParticipationDecision.Now()
            : context.Conditions.IsCharging is null ? Unknown
            : No;
    }
}
