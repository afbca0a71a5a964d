using Federated.Client.Pruning;
using Federated.Numerics.Compression;

namespace Federated.Client.Sparse.Training;

/// <summary>The largest gradients of the layers of a request, found from rows that come one at a time: memory for the heaps and one row.</summary>
internal sealed class GradientHeaps(GradientRequest request)
{
    private readonly TopKHeap[] _heaps = [.. request.Layers.Select(layer => new TopKHeap(layer.Count))];

    /// <summary>By the name of the weight: its position in the request.</summary>
    public IReadOnlyDictionary<string, int> Positions { get; } =
        request.Layers.Select((layer, position) => (request.Mask.Layers[layer.Layer].Name, position)).ToDictionary(pair => pair.Name, pair => pair.position, StringComparer.Ordinal);

    /// <summary>Takes a row, whose active coordinates do not compete unless the request says so.</summary>
    public void Offer(int layer, int first, Span<float> values)
    {
        if (!request.IncludesActive)
        {
            ReadOnlySpan<int> active = request.Mask.Active(request.Layers[layer].Layer);
            int at = active.BinarySearch(first);
            for (at = at < 0 ? ~at : at; at < active.Length && active[at] < first + values.Length; at++)
            {
                values[active[at] - first] = 0;
            }
        }

        _heaps[layer].Offer(first, values);
    }

    /// <summary>What was found, as <see cref="IGradientSelector.SelectGradients"/> gives it.</summary>
    public GradientSelection Drain(Span<int> indices, Span<float> values)
    {
        if (_heaps.Any(heap => !heap.IsFinite))
        {
            return new GradientSelection(0, false);
        }

        int found = 0, before = 0;
        for (int l = 0; l < _heaps.Length; l++)
        {
            int kept = _heaps[l].Drain(indices[found..], values[found..]);
            foreach (ref int index in indices.Slice(found, kept))
            {
                index += before;
            }

            found += kept;
            before += request.Mask.Layers[request.Layers[l].Layer].Count;
        }

        return new GradientSelection(found, true);
    }
}
