namespace Federated.Client.Participation;

/// <summary>
/// Begins only on a network that does not cost by the byte, unless metered ones are allowed too. Work that has begun goes on: it needs no network, and to stop it would send its
/// update at once.
/// </summary>
public sealed class NetworkPolicy : IParticipationPolicy
{
    private static readonly ParticipationDecision Unknown =
        ParticipationDecision.NotNow("the network is unknown: the application supplies no such condition");

    private static readonly ParticipationDecision None = ParticipationDecision.NotNow("there is no network");

    private static readonly ParticipationDecision Metered = ParticipationDecision.NotNow("the network is metered");

    /// <summary>Whether a metered network will do. Default: false.</summary>
    public bool AllowsMetered { get; init; }

    /// <summary>Whether the device takes part when its network is not known. Default: false.</summary>
    public bool TakesPartWhenUnknown { get; init; }

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context switch
        {
            { IsWorking: true } => ParticipationDecision.Now(),
            { Conditions.Network: NetworkKind.Unmetered } => ParticipationDecision.Now(),
            { Conditions.Network: NetworkKind.Metered } => AllowsMetered ? ParticipationDecision.Now() : Metered,
            { Conditions.Network: NetworkKind.None } => None,
            _ => TakesPartWhenUnknown ? ParticipationDecision.Now() : Unknown,
        };
    }
}
