namespace Federated.Client.Sparse.Shrinking;

/// <summary>
/// The channels that the scores depend on, beside constants. Where padded convolutions take constants other than zero, one of these stays for all: its padding is the border that a bias could not have.
/// </summary>
internal sealed class NeededChannels
{
    private readonly SparseNetwork _network;
    private readonly double[][] _constants;
    private readonly ChannelGroups _groups;
    private readonly bool[][] _needed;
    private bool _grew;

    private NeededChannels(SparseNetwork network, double[][] constants)
    {
        _network = network;
        _constants = constants;
        _groups = new ChannelGroups(network);
        _needed = [.. Enumerable.Range(0, constants.Length + 1).Select(group => new bool[_groups.UnitsOf(group)])];
        Representatives = new int[constants.Length];
        Array.Fill(Representatives, -1);
    }

    /// <summary>For every layer the constant channel of its output that stands for the others; -1 for none.</summary>
    public int[] Representatives { get; }

    /// <summary>Starts from the scores and adds what they need, and what that needs, until nothing is added: additions make circles, so one pass is not enough.</summary>
    public static NeededChannels Of(SparseNetwork network, double[][] constants)
    {
        var needed = new NeededChannels(network, constants);
        for (int group = 0; group <= constants.Length; group++)
        {
            needed._needed[group].AsSpan().Fill(needed._groups.IsPinned(group) || group == needed._groups.Of(constants.Length - 1));
        }

        do
        {
            needed._grew = false;
            for (int i = constants.Length - 1; i >= 0; i--)
            {
                needed.Ask(i);
            }
        }
        while (needed._grew);

        // A layer cannot be without outputs; what the last one of them is does not matter.
        foreach (bool[] units in needed._needed.Where(units => units.Length > 0 && !units.Contains(true)))
        {
            units[0] = true;
        }

        return needed;
    }

    /// <summary>The channels of a layer's output that stay, ascending.</summary>
    public int[] Of(int layer)
    {
        bool[] units = _needed[_groups.Of(layer)];
        return [.. Enumerable.Range(0, _network.Shapes[layer].Channels).Where(channel => units[_groups.UnitOf(layer, channel)])];
    }

    private void Ask(int layer)
    {
        int input = _network.Architecture.InputsOf(layer)[0];
        if (input < 0 || _network.Weights[layer].Matrix is not { } matrix)
        {
            return;
        }

        SparseLayer description = _network.Architecture.Layers[layer];
        int area = description.Kind == SparseLayerKind.Convolution ? description.Kernel * description.Kernel : 1;
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span, columns = matrix.ColumnIndices.Span;
        ReadOnlySpan<float> values = matrix.Values.Span;
        bool[] rows = _needed[_groups.Of(layer)];
        for (int row = 0; row < matrix.Rows; row++)
        {
            for (int k = pointers[row]; rows[_groups.UnitOf(layer, row)] && k < pointers[row + 1]; k++)
            {
                int channel = columns[k] / area;
                double constant = _constants[input][channel];
                if (values[k] != 0 && double.IsNaN(constant))
                {
                    Need(input, channel);
                }
                else if (values[k] != 0 && constant != 0 && description.Padding > 0)
                {
                    Need(input, Represent(input));
                }
            }
        }
    }

    private void Need(int layer, int channel)
    {
        ref bool needed = ref _needed[_groups.Of(layer)][_groups.UnitOf(layer, channel)];
        _grew |= !needed;
        needed = true;
    }

    /// <summary>The largest constant, by which the others can be divided without loss.</summary>
    private int Represent(int layer)
    {
        if (Representatives[layer] < 0)
        {
            double[] constants = _constants[layer];
            Representatives[layer] = Enumerable.Range(0, constants.Length).MaxBy(channel => double.IsNaN(constants[channel]) ? -1 : Math.Abs(constants[channel]));
        }

        return Representatives[layer];
    }
}
