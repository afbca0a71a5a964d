namespace Federated.Client.Participation;

/// <summary>
/// Decides when a device takes part and how many local steps it does. Asked before every check-in, while the device waits for a task and while it works: at the time that its last answer
/// names, and whenever the conditions change.
/// </summary>
/// <remarks>
/// An instance belongs to one device, which calls it from any thread, one call at a time. A policy that throws is taken to refuse, and is asked again a minute later.
/// </remarks>
public interface IParticipationPolicy
{
    /// <summary>Decides. Returns at once.</summary>
    /// <param name="context">The time, the state of the device, and whether it works.</param>
    ParticipationDecision Decide(ParticipationContext context);

    /// <summary>Hears what was spent: after each download, each piece of local work and each upload. Nothing for policies without a budget.</summary>
    /// <param name="cost">What came on top of what was told before.</param>
    /// <param name="now">The time.</param>
    void Spent(ParticipationCost cost, DateTimeOffset now)
    {
    }
}
