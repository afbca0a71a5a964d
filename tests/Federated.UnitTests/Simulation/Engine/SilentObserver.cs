using Federated.Simulation.Engine;

namespace Federated.UnitTests.Simulation.Engine;

/// <summary>Watches and says nothing; may act after a round.</summary>
internal sealed class SilentObserver(Action<RoundReport>? afterRound = null, Action<int, int>? afterClient = null) : ISimulationObserver
{
    public void ClientFinished(int round, int done, int total) => afterClient?.Invoke(round, done);

    public void RoundFinished(RoundReport report) => afterRound?.Invoke(report);
}
