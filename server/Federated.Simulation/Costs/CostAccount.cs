namespace Federated.Simulation.Costs;

/// <summary>
/// Computation and memory of training a sparse model, counted and not measured: forward MACs are Σ n_l·positions_l, training is three times that (forward, and the gradients of inputs and of
/// active weights), and an adjustment adds the dense weight gradients of the layers that it looks at, for one batch. Dense kernels under a mask save none of it.
/// </summary>
public sealed class CostAccount
{
    private const int PassesOfTraining = 3;

    private readonly ModelCost _cost;

    /// <param name="cost">The dense model.</param>
    public CostAccount(ModelCost cost)
    {
        ArgumentNullException.ThrowIfNull(cost);
        _cost = cost;
    }

    /// <summary>Forward MACs of one example.</summary>
    /// <param name="active">Active weights of each layer.</param>
    public long Forward(IReadOnlyList<int> active)
    {
        Check(active);
        long macs = 0;
        for (int i = 0; i < active.Count; i++)
        {
            macs += active[i] * _cost.Layers[i].Positions;
        }

        return macs;
    }

    /// <summary>MACs of gradients of so many examples.</summary>
    /// <param name="active">Active weights of each layer.</param>
    /// <param name="examples">Examples, each counted as often as it is used.</param>
    public long Training(IReadOnlyList<int> active, long examples) => checked(PassesOfTraining * Forward(active) * examples);

    /// <summary>MACs that an adjustment adds: dense weight gradients.</summary>
    /// <param name="layers">The layers that it looks at.</param>
    /// <param name="batch">Examples of the one batch.</param>
    public long Adjustment(IEnumerable<int> layers, int batch)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return checked(batch * layers.Sum(layer => _cost.Layers[layer].Macs));
    }

    /// <summary>Memory of the model's state on a device.</summary>
    /// <param name="active">Active weights of each layer.</param>
    /// <param name="hasMomentum">Whether the optimizer keeps a value for each weight.</param>
    /// <param name="selection">Bytes that an adjustment keeps: 8 for each candidate, 4 for each element of a dense gradient.</param>
    public StateBytes State(IReadOnlyList<int> active, bool hasMomentum, long selection)
    {
        Check(active);
        long weights = active.Sum(count => (long)count);
        long values = sizeof(float) * (weights + _cost.OtherParameters);
        long index = weights == _cost.Weights ? 0 : Math.Min(sizeof(int) * weights, (_cost.Weights + 7) / 8);
        return new StateBytes(values, index, values, hasMomentum ? values : 0, selection);
    }

    private void Check(IReadOnlyList<int> active)
    {
        ArgumentNullException.ThrowIfNull(active);
        if (active.Count != _cost.Layers.Count || active.Where((count, layer) => count < 0 || count > _cost.Layers[layer].Weight.ElementCount).Any())
        {
            throw new ArgumentException($"Expected the active weights of {_cost.Layers.Count} layers, each at most as many as the layer has.", nameof(active));
        }
    }
}
