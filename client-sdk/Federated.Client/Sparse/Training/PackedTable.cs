using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Client.Sparse.Training;

/// <summary>Where the tensors of a masked model stand in its packed vector.</summary>
internal sealed class PackedTable
{
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly ModelMask _mask;

    public PackedTable(ModelSchema schema, ModelMask mask)
    {
        _mask = mask;
        if (mask.ParameterCount != schema.ParameterCount)
        {
            throw new ArgumentException($"The mask is for {mask.ParameterCount} parameters, the schema has {schema.ParameterCount}.", nameof(mask));
        }

        int at = 0, layer = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            bool isMasked = layer < mask.Layers.Length && mask.Layers[layer].Name == tensor.Name;
            int length = isMasked ? mask.CountOf(layer) : (int)tensor.ElementCount;
            _places.Add(tensor.Name, new Place(at, length, (int)tensor.ElementCount, isMasked ? layer++ : -1));
            if (!tensor.Trainable && length > 0)
            {
                Frozen.Add(at..(at + length));
            }

            at += length;
        }
    }

    /// <summary>Ranges of the packed vector that training leaves as they are.</summary>
    public List<Range> Frozen { get; } = [];

    public bool Has(string name) => _places.ContainsKey(name);

    /// <summary>The first element of a tensor of so many elements.</summary>
    /// <exception cref="ArgumentException">There is no such tensor.</exception>
    public int Find(string name, int length) =>
        _places.TryGetValue(name, out Place place) && place.Full == length
            ? place.Start
            : throw new ArgumentException($"The architecture needs a parameter '{name}' of {length} elements; the schema has {(place.Full == 0 ? "none of that name" : $"one of {place.Full}")}.");

    /// <summary>The active elements of a weight, ascending.</summary>
    public int[] Active(string name) =>
        _places[name].Layer is >= 0 and var layer ? _mask.Active(layer).ToArray() : [.. Enumerable.Range(0, _places[name].Full)];

    private readonly record struct Place(int Start, int Length, int Full, int Layer);
}
