namespace Federated.Simulation.Engine;

/// <summary>Watches a simulation. Calls come one at a time, from any of its threads; they hold the simulation up.</summary>
public interface ISimulationObserver
{
    /// <summary>A client of the round has been dealt with.</summary>
    /// <param name="round">The round.</param>
    /// <param name="done">Clients dealt with.</param>
    /// <param name="total">Clients of the round.</param>
    void ClientFinished(int round, int done, int total);

    /// <summary>A round is over and evaluated where that was due.</summary>
    /// <param name="report">Its figures.</param>
    void RoundFinished(RoundReport report);
}
