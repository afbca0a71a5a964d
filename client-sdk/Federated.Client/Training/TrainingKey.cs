using Federated.Numerics;

namespace Federated.Client.Training;

/// <summary>
/// Addresses every random draw of one client in one round. Equal keys give equal draws, on any thread and in any order of clients.
/// </summary>
/// <param name="Seed">The job's seed.</param>
/// <param name="Client">Stands for the client.</param>
/// <param name="Round">The training round.</param>
public readonly record struct TrainingKey(ulong Seed, uint Client, uint Round)
{
    /// <summary>A generator for one purpose.</summary>
    /// <param name="purpose">What the numbers are for; different purposes never share numbers.</param>
    /// <param name="step">The local epoch or step.</param>
    public CounterRandom Random(RandomPurpose purpose, uint step) => new(Seed, purpose, Client, Round, step);
}
