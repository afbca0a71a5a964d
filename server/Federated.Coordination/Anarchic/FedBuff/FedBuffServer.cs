using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic.FedBuff;

/// <summary>
/// FedBuff (Nguyen et al. 2022): x ← x + η (1/n) Σ p_i s(τ_i) Δ_i over the buffer, where n is Σ p_i and p_i the examples, or 1. Differences are not divided by their steps.
/// </summary>
internal sealed class FedBuffServer(JobDefinition job, ModelSchema schema, AnarchicOptions options, StalenessWeight staleness, double proximal)
    : AnarchicServer(job, schema, options, proximal)
{
    protected override bool NormalisesSteps => false;

    protected override bool UsesExamples => true;

    protected override double WeightOf(long tau) => staleness.Of(tau);

    protected override string? Direct(IReadOnlyList<Arrival> arrivals, ReadOnlySpan<float> parameters, Span<float> direction)
    {
        Mean(arrivals, CountsByExamples, direction);
        return null;
    }
}
