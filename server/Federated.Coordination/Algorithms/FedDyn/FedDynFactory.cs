using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.FedDyn;

/// <summary>Makes <see cref="FedDynServer"/>.</summary>
internal sealed class FedDynFactory : AlgorithmFactory
{
    public static AlgorithmParameter Alpha { get; } =
        new("alpha", 0.01, "greater than 0", value => value > 0, "strength of the dynamic regulariser");

    public override string Name => "feddyn";

    public override string Summary => "FedDyn (Acar et al. 2021): dynamic regularisation";

    public override ImmutableArray<AlgorithmParameter> Parameters => [Alpha];

    public override bool StartsNearby => false;

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedDynServer(job, schema);

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        RequirePlainStep(job, errors);
        RequirePopulation(job, errors);
        RequireAggregatedStatistics(job, errors);
    }
}
