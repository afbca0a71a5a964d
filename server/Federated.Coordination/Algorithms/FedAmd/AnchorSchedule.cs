using Federated.Numerics;

namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>Who of a round's clients is an anchor.</summary>
internal abstract record AnchorSchedule
{
    /// <summary>Decides for one client.</summary>
    /// <param name="coin">The client's draws of this round.</param>
    /// <param name="turn">Rounds counted so far, from 0.</param>
    public abstract bool IsAnchor(CounterRandom coin, int turn);

    /// <summary>Each client is an anchor with the same probability, independently of the others.</summary>
    public sealed record Constant(double Probability) : AnchorSchedule
    {
        public override bool IsAnchor(CounterRandom coin, int turn) => coin.NextDouble() < Probability;
    }

    /// <summary>Every period begins with a round of anchors; all others are rounds of miners.</summary>
    public sealed record Periodic(int Period) : AnchorSchedule
    {
        public override bool IsAnchor(CounterRandom coin, int turn) => turn % Period == 0;
    }
}
