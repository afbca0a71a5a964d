namespace Federated.Client.Sparse.Shrinking;

/// <summary>What a matrix is given: channels that are there, and constants that are not.</summary>
internal sealed class InputChannels
{
    private readonly int[] _places;
    private readonly double[] _constants;

    /// <param name="kept">Channels that are there, ascending.</param>
    /// <param name="constants">The value of each channel; NaN where it is not constant.</param>
    /// <param name="representative">The constant channel that stands for others; -1 when they go into the bias.</param>
    public InputChannels(int[] kept, double[] constants, int representative)
    {
        _constants = constants;
        _places = new int[constants.Length];
        Array.Fill(_places, -1);
        for (int i = 0; i < kept.Length; i++)
        {
            _places[kept[i]] = i;
        }

        Count = kept.Length;
        Representative = representative;
    }

    /// <summary>Channels that are there.</summary>
    public int Count { get; }

    public int Representative { get; }

    /// <summary>Every channel of a network's input.</summary>
    public static InputChannels All(int channels) => new([.. Enumerable.Range(0, channels)], new double[channels], representative: -1);

    /// <summary>Where a channel has gone; -1 when it is not there.</summary>
    public int PlaceOf(int channel) => _places[channel];

    /// <summary>The value of a channel that is not there. One that nothing needs has only weights of zero, whatever its value.</summary>
    public double ValueOf(int channel) => double.IsNaN(_constants[channel]) ? 0 : _constants[channel];
}
