using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Watches nothing: a study tells of whole runs.</summary>
internal sealed class SilentObserver : ISimulationObserver
{
    public static SilentObserver Instance { get; } = new();

    public void ClientFinished(int round, int done, int total)
    {
    }

    public void RoundFinished(RoundReport report)
    {
    }
}
