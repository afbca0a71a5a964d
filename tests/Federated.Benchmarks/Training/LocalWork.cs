namespace Federated.Benchmarks.Training;

/// <summary>The same local steps for the simulator and for the hand-written loop.</summary>
/// <param name="Clients">Clients, all of which train in every round.</param>
/// <param name="Examples">Examples of each.</param>
/// <param name="Steps">Local steps; steps × batch size is at most the examples.</param>
/// <param name="BatchSize">Examples a step.</param>
/// <param name="Rounds">Rounds of one measurement.</param>
internal sealed record LocalWork(int Clients, int Examples, int Steps, int BatchSize, int Rounds)
{
    public const double LearningRate = 0.05;

    public double Updates => (double)Clients * Rounds;
}
