namespace Federated.Client.Participation;

/// <summary>What a policy decides by.</summary>
/// <param name="Now">The time.</param>
/// <param name="Conditions">The state of the device.</param>
/// <param name="WorkingSince">When the local work of the present task began; null before it.</param>
public sealed record ParticipationContext(DateTimeOffset Now, DeviceConditions Conditions, DateTimeOffset? WorkingSince = null)
{
    /// <summary>Whether local work is under way, so that a refusal stops it.</summary>
    public bool IsWorking => WorkingSince is not null;
}
