using Federated.Client.Algorithms;
using Federated.Client.Algorithms.FedAvg;

namespace Federated.Simulation.Engine;

/// <summary>The client halves by name; the server halves have the same names.</summary>
internal static class ClientAlgorithms
{
    private static readonly IClientAlgorithm[] All = [new FedAvgClient()];

    public static IClientAlgorithm? Find(string name) => All.FirstOrDefault(algorithm => algorithm.Name == name);
}
