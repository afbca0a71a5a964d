using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.QFedAvg;

/// <summary>
/// q-FedAvg (Li et al. 2020): clients with a higher loss F_i count more, <c>x ← x + ΣF_i^q·(y_i − x) / Σh_i</c>. Numerator and denominator are plain sums, so that
/// no device learns another's loss; both are the paper's divided by L = 1/η.
/// </summary>
internal sealed class QFedAvgServer : ServerHalf
{
    private readonly ImmutableArray<SectionSpec> _sections;

    public QFedAvgServer(JobDefinition job, ModelSchema schema)
        : base(job, schema)
    {
        _sections =
        [
            TrainingSections.Vector(SectionRole.Delta, schema, SectionDenominator.None),
            .. TrainingSections.Of(schema, SectionDenominator.Updates).Skip(1),
            TrainingSections.Scalars(1, SectionDenominator.None),
        ];
    }

    public override ImmutableArray<SectionSpec> UpSections(string role) => _sections;

    public override void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (aggregate.Find(SectionRole.Delta) is { } delta && aggregate.Find(SectionRole.Scalars) is { Wide: [double denominator and > 0] })
        {
            VectorMath.Axpy((float)(1 / denominator), delta.Single, model.Parameters);
        }

        ReplaceStatistics(aggregate, model);
    }
}
