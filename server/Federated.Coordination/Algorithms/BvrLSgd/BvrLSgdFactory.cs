using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.BvrLSgd;

/// <summary>Makes <see cref="BvrLSgdServer"/>.</summary>
internal sealed class BvrLSgdFactory : AlgorithmFactory
{
    public static AlgorithmParameter Walks { get; } =
        new("walks", 2, "a whole number of at least 1", value => value >= 1 && value == Math.Floor(value) && value <= 1000, "walks of a stage, each in a round of its own; the paper's number is 1 + b/(K b')");

    public override string Name => "bvrlsgd";

    public override string Summary => "BVR-L-SGD (Murata and Suzuki 2021): stages of a large-batch gradient and single clients' variance-reduced walks";

    public override ImmutableArray<AlgorithmParameter> Parameters => [Walks, LargeBatchParameters.LargeBatch, LargeBatchParameters.PassSize];

    public override bool StartsNearby => false;

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new BvrLSgdServer(job, schema);

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        RequireVarianceReduction(job, errors);
    }
}
