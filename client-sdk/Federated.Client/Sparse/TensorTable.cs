using Federated.Protocol.Models;

namespace Federated.Client.Sparse;

/// <summary>Where the tensors of a schema stand in its flat vectors.</summary>
internal sealed class TensorTable
{
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    public TensorTable(ModelSchema schema)
    {
        Span<int> ends = stackalloc int[3];
        foreach (TensorSpec tensor in schema.Tensors)
        {
            ref int end = ref ends[tensor.Part switch { TensorPart.Parameter => 0, TensorPart.Statistic => 1, _ => 2 }];
            int length = checked((int)tensor.ElementCount);
            _places.Add(tensor.Name, new Place(tensor.Part, end, length));
            end += length;
        }
    }

    public bool Has(string name) => _places.ContainsKey(name);

    /// <summary>The range of a tensor in its flat vector.</summary>
    /// <exception cref="ArgumentException">The schema has no such tensor, or one of another part or length.</exception>
    public Range Find(string name, TensorPart part, int length)
    {
        if (!_places.TryGetValue(name, out Place place) || place.Part != part || place.Length != length)
        {
            throw new ArgumentException($"The architecture needs a {part} tensor '{name}' of {length} elements; the schema has {(place.Length == 0 ? "none of that name" : $"a {place.Part} of {place.Length}")}.");
        }

        return place.Start..(place.Start + place.Length);
    }

    private readonly record struct Place(TensorPart Part, int Start, int Length);
}
