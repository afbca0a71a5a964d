using Federated.Client.Training;
using Federated.Numerics;
using Federated.Numerics.Compression;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;

namespace Federated.Client.Pruning;

/// <summary>
/// Finds the largest gradients of the layers that a task asks for. An objective that selects where it computes (<see cref="IGradientSelector"/>) needs no memory for the gradient here; that of any other
/// streams through heaps, row by row.
/// </summary>
internal sealed class LayerTopK
{
    private readonly ModelMask _mask;
    private readonly GradientRequest _request;
    private readonly int _batchSize;
    private readonly bool _halves;

    public LayerTopK(ModelMask mask, GradientDemand demand)
    {
        _mask = mask;
        _request = new GradientRequest(mask, [.. DemandOf(demand)], demand.IncludeActive);
        _batchSize = (int)Math.Clamp(demand.BatchSize, 1, int.MaxValue);
        _halves = demand.HalfValues;
        int last = -1;
        foreach (LayerDemand layer in _request.Layers)
        {
            if (layer.Layer <= last || layer.Layer >= mask.Layers.Length || layer.Count < 1 || layer.Count > mask.Layers[layer.Layer].Count)
            {
                throw new ArgumentException($"The task asks for {layer.Count} gradients of layer {layer.Layer}, which is not ascending, unknown or smaller.", nameof(demand));
            }

            last = layer.Layer;
        }
    }

    public static LayerDemand[] DemandOf(GradientDemand demand) => [.. demand.Layers.Select(layer => new LayerDemand(checked((int)layer.Layer), checked((int)layer.Count)))];

    /// <summary>Writes the TOP_K section.</summary>
    /// <param name="objective">Not masked.</param>
    /// <param name="key">Decides the batch.</param>
    /// <param name="parameters">The parameters after local training.</param>
    /// <param name="frame">Receives the section.</param>
    /// <returns>Its bytes; 0 when a gradient is not finite.</returns>
    public int Write(IObjective objective, TrainingKey key, ReadOnlySpan<float> parameters, Span<byte> frame)
    {
        int[] batch = key.Random(RandomPurpose.Pruning, 0).Choose(objective.ExampleCount, Math.Min(_batchSize, objective.ExampleCount));
        Array.Sort(batch);
        int[] indices = new int[_request.MostCoordinates];
        float[] values = new float[indices.Length];
        GradientSelection found = objective is IGradientSelector selector
            ? selector.SelectGradients(parameters, batch, _request, indices, values)
            : Select(objective, parameters, batch, indices, values);
        int elements = TopGradients.ElementsOf(_mask, _request.Layers);
        return found.IsFinite ? TopGradients.Write(elements, indices.AsSpan(0, found.Count), values, frame, _halves) : 0;
    }

    private GradientSelection Select(IObjective objective, ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<int> indices, Span<float> values)
    {
        float[] gradient = new float[objective.ParameterCount];
        bool finite = double.IsFinite(objective.LossAndGradient(parameters, batch, gradient));
        int at = 0, start = 0;
        foreach (LayerDemand demand in _request.Layers)
        {
            PrunableLayer layer = _mask.Layers[demand.Layer];
            var heap = new TopKHeap(demand.Count);
            for (int first = 0; first < layer.Count; first += layer.Columns)
            {
                Span<float> row = gradient.AsSpan(layer.Start + first, layer.Columns);
                if (!_request.IncludesActive)
                {
                    Clear(_mask.Active(demand.Layer), first, row);
                }

                heap.Offer(first, row);
            }

            finite &= heap.IsFinite;
            int found = heap.Drain(indices[at..], values[at..]);
            foreach (ref int index in indices.Slice(at, found))
            {
                index += start;
            }

            at += found;
            start += layer.Count;
        }

        return new GradientSelection(at, finite);
    }

    /// <summary>Sets the active coordinates of a row to zero, which a heap passes over.</summary>
    private static void Clear(ReadOnlySpan<int> active, int first, Span<float> values)
    {
        int at = active.BinarySearch(first);
        for (at = at < 0 ? ~at : at; at < active.Length && active[at] < first + values.Length; at++)
        {
            values[active[at] - first] = 0;
        }
    }
}
