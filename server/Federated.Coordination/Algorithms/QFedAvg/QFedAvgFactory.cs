using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.QFedAvg;

/// <summary>Makes <see cref="QFedAvgServer"/>.</summary>
internal sealed class QFedAvgFactory : AlgorithmFactory
{
    public static AlgorithmParameter Q { get; } =
        new("q", 0.1, "at least 0", value => value >= 0, "how much more clients with a higher loss count; 0 is FedAvg with equal weights");

    public override string Name => "qfedavg";

    public override string Summary => "q-FedAvg (Li et al. 2020): a fairer spread of the loss over clients";

    public override ImmutableArray<AlgorithmParameter> Parameters => [Q];

    public override bool AveragesDeltas => false;

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new QFedAvgServer(job, schema);

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        RequirePlainStep(job, errors);
        RequireAggregatedStatistics(job, errors);
    }
}
