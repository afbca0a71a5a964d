using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.FedPage;

/// <summary>Makes <see cref="FedPageServer"/>.</summary>
internal sealed class FedPageFactory : AlgorithmFactory
{
    public static AlgorithmParameter Probability { get; } =
        new("probability", 0.2, "in (0, 1]", value => value is > 0 and <= 1, "probability of a round in which everybody sends a large-batch gradient");

    public override string Name => "fedpage";

    public override string Summary => "FedPAGE (Zhao et al. 2021): now and then everybody's large-batch gradient, else variance-reduced local steps";

    public override ImmutableArray<AlgorithmParameter> Parameters => [Probability, LargeBatchParameters.LargeBatch, LargeBatchParameters.PassSize];

    public override bool StartsNearby => false;

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedPageServer(job, schema);

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        RequirePopulation(job, errors);
        RequireVarianceReduction(job, errors);
    }
}
