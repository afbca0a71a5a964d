using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.Scaffold;

/// <summary>Makes <see cref="ScaffoldServer"/>.</summary>
internal sealed class ScaffoldFactory : AlgorithmFactory
{
    public override string Name => "scaffold";

    public override string Summary => "SCAFFOLD (Karimireddy et al. 2020): control variates against client drift";

    public override ImmutableArray<AlgorithmParameter> Parameters => [];

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new ScaffoldServer(job, schema);

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        RequirePopulation(job, errors);
        RequireAggregatedStatistics(job, errors);
    }
}
