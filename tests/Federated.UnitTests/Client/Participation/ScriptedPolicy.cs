using Federated.Client.Participation;

namespace Federated.UnitTests.Client.Participation;

/// <summary>A policy that does what a test says and remembers what it was asked and told.</summary>
internal sealed class ScriptedPolicy(Func<ParticipationContext, ParticipationDecision> decide) : IParticipationPolicy
{
    public List<ParticipationContext> Asked { get; } = [];

    public List<ParticipationCost> Told { get; } = [];

    public ParticipationDecision Decide(ParticipationContext context)
    {
        Asked.Add(context);
        return decide(context);
    }

    public void Spent(ParticipationCost cost, DateTimeOffset now) => Told.Add(cost);
}
