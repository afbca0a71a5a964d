using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Anarchic.Masked;

/// <summary>The gradients that have come for the adjustment that is due, summed by weight.</summary>
internal sealed class CollectedGradients
{
    private double[] _sum = [];
    private double _weight;

    /// <summary>Updates that brought some.</summary>
    public int Count { get; private set; }

    public void Add(ReadOnlySpan<float> gradients, double weight)
    {
        if (_sum.Length == 0)
        {
            _sum = new double[gradients.Length];
        }

        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] += weight * gradients[i];
        }

        _weight += weight;
        Count++;
    }

    /// <summary>The means, for each layer of the demand in its order.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>> Means(ModelMask mask, PruningDemand demand)
    {
        float[] mean = [.. _sum.Select(value => (float)(value / _weight))];
        return demand.Split(mask, mean);
    }

    public void Clear() => (_sum, _weight, Count) = ([], 0, 0);

    public void Save(AlgorithmState state)
    {
        state.Add<double>("gradients", _sum);
        state.Add<double>("collected", [_weight, Count]);
    }

    /// <exception cref="InvalidDataException">The parts do not fit each other.</exception>
    public void Load(AlgorithmState state)
    {
        _sum = state.Read<double>("gradients");
        (_weight, Count) = state.Read<double>("collected") is [>= 0 and var weight, >= 0 and var count]
            ? (weight, (int)count)
            : throw new InvalidDataException("The state does not say how many gradients were collected.");
    }
}
