using System.Numerics.Tensors;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic.FedAsync;

/// <summary>
/// FedAsync (Xie et al. 2019): each arrival makes a version, x ← (1 − a) x + a y with y the worker's model and a = alpha s(τ). The rate is found anew for every arrival.
/// </summary>
internal sealed class FedAsyncServer(JobDefinition job, ModelSchema schema, AnarchicOptions options, double alpha, StalenessWeight staleness, double proximal)
    : AnarchicServer(job, schema, options, proximal)
{
    public override bool NeedsPulledModel => true;

    protected override bool NormalisesSteps => false;

    protected override double StatisticsShare => alpha * Buffer.Arrivals[0].Weight;

    protected override double WeightOf(long tau) => staleness.Of(tau);

    protected override void Prepare(in AnarchicUpdate update, double factor, Span<float> vector) =>
        TensorPrimitives.MultiplyAdd(update.Delta, (float)factor, update.PulledParameters, vector);

    protected override string? Direct(IReadOnlyList<Arrival> arrivals, ReadOnlySpan<float> parameters, Span<float> direction)
    {
        TensorPrimitives.Subtract(arrivals[0].Vector, parameters, direction);
        TensorPrimitives.Multiply(direction, (float)(alpha * arrivals[0].Weight), direction);
        return null;
    }
}
