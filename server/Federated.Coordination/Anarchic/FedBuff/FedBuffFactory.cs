using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic.FedBuff;

/// <summary>Makes <see cref="FedBuffServer"/>.</summary>
internal sealed class FedBuffFactory : AnarchicFactory
{
    private static readonly AlgorithmParameter Exponent =
        new("exponent", 0.5, "in [0, 1]", value => value is >= 0 and <= 1, "a of the staleness weight (1 + tau)^-a; 0 for none");

    private static readonly AlgorithmParameter Repeats =
        AlgorithmParameter.Switch("repeats", "1: a worker may be in a buffer several times; 0: its latest update takes the place of an earlier one") with { Default = 1 };

    public override string Name => "fedbuff";

    public override string Summary => "FedBuff (Nguyen et al. 2022): buffered asynchronous averaging, stale updates count less";

    public override ImmutableArray<AlgorithmParameter> Parameters => [.. Buffered, Exponent, Repeats, Proximal];

    public override IAnarchicAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedBuffServer(
        job, schema, AnarchicOptions.Of(job, Repeats.IsOn(job)), new StalenessWeight.Polynomial(Exponent.Of(job)), Proximal.Of(job));

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        CheckBuffer(job, Repeats.IsOn(job), errors);
    }
}
