using Federated.Simulation.Engine;

namespace Federated.Benchmarks.Training;

/// <summary>Watches a simulation without a word.</summary>
internal sealed class SilentObserver : ISimulationObserver
{
    public void ClientFinished(int round, int done, int total)
    {
    }

    public void RoundFinished(RoundReport report)
    {
    }
}
