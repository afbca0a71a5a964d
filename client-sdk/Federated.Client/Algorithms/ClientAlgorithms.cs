using Federated.Client.Algorithms.BvrLSgd;
using Federated.Client.Algorithms.FedAmd;
using Federated.Client.Algorithms.FedAvg;
using Federated.Client.Algorithms.FedDyn;
using Federated.Client.Algorithms.FedNova;
using Federated.Client.Algorithms.FedPage;
using Federated.Client.Algorithms.QFedAvg;
using Federated.Client.Algorithms.Scaffold;
using Federated.Client.Pruning;

namespace Federated.Client.Algorithms;

/// <summary>The client halves of this package.</summary>
public static class ClientAlgorithms
{
    /// <summary>All of them; a device that can run these can take part in every job of a server of the same version.</summary>
    public static IReadOnlyList<IClientAlgorithm> BuiltIn { get; } =
    [
        new BvrLSgdClient(),
        new CandidateClient(),
        new FedAmdClient(),
        new FedAvgClient(),
        new FedDynClient(),
        new FedNovaClient(),
        new FedPageClient(),
        new QFedAvgClient(),
        new ScaffoldClient(),
    ];

    /// <summary>A client half by its name; null when there is none.</summary>
    /// <param name="name">The name, such as <c>fedavg</c>.</param>
    public static IClientAlgorithm? Find(string name) => BuiltIn.FirstOrDefault(algorithm => algorithm.Name == name);
}
