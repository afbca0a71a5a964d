namespace Federated.Client.Sparse.Shrinking;

/// <summary>
/// Outputs that must keep the same channels, because a layer without weights lies between them or an addition joins them. Their channels come in units: one, or the image that a flattened channel has become.
/// </summary>
internal sealed class ChannelGroups
{
    private readonly SparseNetwork _network;
    private readonly int[] _parents;
    private readonly int[] _units;
    private readonly bool[] _pinned;

    // The network's input, which cannot become smaller, stands behind the layers.
    private readonly int _input;

    public ChannelGroups(SparseNetwork network)
    {
        _network = network;
        _input = network.Weights.Length;
        _parents = [.. Enumerable.Range(0, _input + 1)];
        for (int i = 0; i < _input; i++)
        {
            if (network.Weights[i].Matrix is null)
            {
                foreach (int other in network.Architecture.InputsOf(i))
                {
                    _parents[Of(i)] = Of(other < 0 ? _input : other);
                }
            }
        }

        _units = new int[_input + 1];
        _pinned = new bool[_input + 1];
        ILookup<int, int> members = Enumerable.Range(0, _input).ToLookup(Of, layer => network.Shapes[layer].Channels);
        foreach (IGrouping<int, int> channels in members)
        {
            _units[channels.Key] = channels.Min();
            _pinned[channels.Key] = channels.Key == Of(_input) || channels.Any(count => count % channels.Min() != 0);
        }
    }

    /// <summary>The group of a layer's output.</summary>
    public int Of(int layer) => _parents[layer] == layer ? layer : _parents[layer] = Of(_parents[layer]);

    /// <summary>Units of a group.</summary>
    public int UnitsOf(int group) => _units[group];

    /// <summary>Whether every channel of a group has to stay.</summary>
    public bool IsPinned(int group) => _pinned[group];

    /// <summary>The unit of one of a layer's output channels.</summary>
    public int UnitOf(int layer, int channel) => (int)((long)channel * _units[Of(layer)] / _network.Shapes[layer].Channels);
}
