using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>What the server knows of the clients' bullseyes: whose it has, and their mean.</summary>
internal interface IBullseyes
{
    /// <summary>Sections that have to come one by one, besides their sum.</summary>
    ImmutableArray<SectionRole> KeptSections { get; }

    /// <summary>Clients in the mean.</summary>
    int Count { get; }

    bool Has(uint client);

    /// <summary>Takes what a round's anchors have sent. A later bullseye of a client replaces the one before.</summary>
    void Take(int round, RoundAggregate aggregate, IReadOnlyList<IncludedClient> anchors);

    /// <summary>Writes the mean; zeros when nobody is in it.</summary>
    void Mean(Span<float> mean);

    /// <summary>Sets these coordinates of every bullseye, and of what is kept of them together, to zero.</summary>
    void Forget(ReadOnlySpan<int> coordinates);

    void Save(AlgorithmState state);

    void Load(AlgorithmState state);

    void Clear();
}
