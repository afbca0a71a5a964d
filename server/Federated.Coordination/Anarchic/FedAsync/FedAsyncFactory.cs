using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic.FedAsync;

/// <summary>Makes <see cref="FedAsyncServer"/>.</summary>
internal sealed class FedAsyncFactory : AnarchicFactory
{
    private static readonly AlgorithmParameter Alpha =
        new("alpha", 0.6, "in (0, 1]", value => value is > 0 and <= 1, "share of a fresh worker's model in the next");

    private static readonly AlgorithmParameter Staleness =
        new("staleness", 1, "0, 1 or 2", value => value is 0 or 1 or 2, "weight s(tau): 0 constant, 1 (1 + tau)^-exponent, 2 hinge");

    private static readonly AlgorithmParameter Exponent =
        new("exponent", 0.5, "at least 0", value => value >= 0, "exponent of the polynomial weight");

    private static readonly AlgorithmParameter HingeSlope =
        new("hingeSlope", 10, "greater than 0", value => value > 0, "a of the hinge 1/(a (tau - b) + 1)");

    private static readonly AlgorithmParameter HingeStart =
        new("hingeStart", 4, "at least 0", value => value >= 0, "b of the hinge: staleness up to it counts in full");

    public override string Name => "fedasync";

    public override string Summary => "FedAsync (Xie et al. 2019): every arrival is mixed into the model, stale ones less";

    public override ImmutableArray<AlgorithmParameter> Parameters =>
        [Alpha, Staleness, Exponent, HingeSlope, HingeStart, Proximal, AnarchicOptions.StalenessParameter, AnarchicOptions.PolicyParameter, AnarchicOptions.ClipParameter];

    public override IAnarchicAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedAsyncServer(
        job, schema, AnarchicOptions.Of(job, repeats: true) with { Buffer = 1, FlushSeconds = 0 }, Alpha.Of(job), WeightOf(job), Proximal.Of(job));

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        RequirePlainStep(job, errors);
    }

    private static StalenessWeight WeightOf(JobDefinition job) => Staleness.Of(job) switch
    {
        0 => new StalenessWeight.Constant(),
        1 => new StalenessWeight.Polynomial(Exponent.Of(job)),
        _ => new StalenessWeight.Hinge(HingeSlope.Of(job), HingeStart.Of(job)),
    };
}
