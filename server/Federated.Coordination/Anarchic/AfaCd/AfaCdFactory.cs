using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic.AfaCd;

/// <summary>Makes <see cref="AfaCdServer"/>.</summary>
internal sealed class AfaCdFactory : AnarchicFactory
{
    private static readonly AlgorithmParameter Repeats =
        AlgorithmParameter.Switch("repeats", "1: a worker may be in a buffer several times; 0: its latest update takes the place of an earlier one");

    public override string Name => "afa-cd";

    public override string Summary => "anarchic, cross-device (Yang et al. 2022): the mean of the buffer's updates, each divided by its own steps";

    public override ImmutableArray<AlgorithmParameter> Parameters => [.. Buffered, Repeats];

    public override IAnarchicAlgorithm Create(JobDefinition job, ModelSchema schema) =>
        new AfaCdServer(job, schema, AnarchicOptions.Of(job, Repeats.IsOn(job)));

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        CheckBuffer(job, Repeats.IsOn(job), errors);
    }
}
