using Federated.Protocol.Rounds;

namespace Federated.Coordination.Tier;

/// <summary>What a tier found of a round that was open before.</summary>
/// <param name="Recovered">Updates that are stored and will be part of the aggregate; the sink is not told of them again.</param>
/// <param name="Lost">
/// Assignment ids of updates that had been stored but whose bytes are gone (summed in memory only, slot freed). The tier accepts
/// them a second time; their devices are told RESEND.
/// </param>
public sealed record RoundRecovery(IReadOnlyList<UpdateCommitted> Recovered, IReadOnlyList<string> Lost)
{
    /// <summary>The answer for a round that the tier has never held.</summary>
    public static RoundRecovery Empty { get; } = new([], []);
}
