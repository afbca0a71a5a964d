using Federated.Coordination.Algorithms;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// Packed coordinates that were dropped once and are active again, with the round after which they are. The server has taken whatever was remembered of them to be zero; a client that has been away since
/// remembers more, and does not know the masks in between, so it is told.
/// </summary>
internal sealed class RegrownCoordinates
{
    private readonly SortedDictionary<uint, uint> _counted = [];
    private ModelMask? _ever;
    private uint[] _rounds = [];

    /// <summary>Nobody remembers anything from under another mask than this.</summary>
    public void Begin(ModelMask mask)
    {
        _counted.Clear();
        _ever = mask;
        _rounds = new uint[mask.PackedCount];
    }

    /// <summary>An update of a client was counted: it remembers what it saved with it.</summary>
    public void Counted(uint client, uint round) => _counted[client] = round;

    /// <summary>The mask has changed after a round.</summary>
    public void Changed(ModelMask from, ModelMask to, uint round)
    {
        ModelMask ever = _ever ?? from;
        _rounds = MaskRemap.Between(from, to).Map<uint>(_rounds);
        int[][] union = [.. Enumerable.Range(0, to.Layers.Length).Select(l => ever.Active(l).ToArray())];
        foreach (LayerChange change in MaskDifference.Between(from, to).Layers)
        {
            int start = to.PackedStart(change.Layer);
            foreach (int index in change.Grown)
            {
                if (ever.IsActive(change.Layer, index))
                {
                    _rounds[start + to.Active(change.Layer).BinarySearch(index)] = round;
                }
            }

            union[change.Layer] = [.. union[change.Layer].Union(change.Grown).Order()];
        }

        _ever = ever.With(to.Epoch, union);
    }

    /// <summary>Those of which a client may remember too much, as bytes (<see cref="PackedIndices"/>).</summary>
    public byte[] For(uint client)
    {
        if (!_counted.TryGetValue(client, out uint last))
        {
            return [];
        }

        var indices = new List<int>();
        for (int i = 0; i < _rounds.Length; i++)
        {
            if (_rounds[i] >= last && _rounds[i] > 0)
            {
                indices.Add(i);
            }
        }

        return PackedIndices.Write([.. indices], _rounds.Length);
    }

    public void Save(AlgorithmState state)
    {
        if (_ever is not null)
        {
            state.Add<byte>("ever active", _ever.ToBytes());
            state.Add<uint>("regrown", _rounds);
            state.Add<uint>("counted", [.. _counted.SelectMany(client => new[] { client.Key, client.Value })]);
        }
    }

    /// <exception cref="InvalidDataException">The parts are of another model.</exception>
    public void Load(AlgorithmState state, ModelSchema schema)
    {
        _counted.Clear();
        (_ever, _rounds) = (null, []);
        if (state.Has("ever active"))
        {
            (_ever, _rounds) = (ModelMask.Parse(schema, state.Bytes("ever active")), state.Read<uint>("regrown"));
            foreach (uint[] client in state.Read<uint>("counted").Chunk(2))
            {
                _counted[client[0]] = client[^1];
            }
        }
    }
}
