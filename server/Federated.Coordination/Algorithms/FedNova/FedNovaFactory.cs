using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.FedNova;

/// <summary>Makes <see cref="FedNovaServer"/>.</summary>
internal sealed class FedNovaFactory : AlgorithmFactory
{
    public static AlgorithmParameter Proximal { get; } =
        new("proximal", 0, "at least 0", value => value >= 0, "coefficient mu of the local term mu/2 ||y - x||²; 0 for none");

    public override string Name => "fednova";

    public override string Summary => "FedNova (Wang et al. 2020): differences normalised by the device's own steps";

    public override ImmutableArray<AlgorithmParameter> Parameters => [Proximal];

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedNovaServer(job, schema);

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        RequireAggregatedStatistics(job, errors);
    }
}
