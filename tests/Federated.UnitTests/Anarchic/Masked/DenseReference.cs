using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Anarchic.Masked;

/// <summary>
/// The asynchronous algorithms over the flat vector, in double precision, element by element: an update is what it was where both masks are active, and nothing elsewhere; whatever is remembered is zero
/// where the mask is.
/// </summary>
internal sealed class DenseReference(string algorithm, double[] start, bool[] mask)
{
    private readonly List<(uint Client, double[] Vector, double Weight, double Examples)> _buffer = [];
    private readonly SortedDictionary<uint, double[]> _memory = [];
    private bool[] _mask = mask;

    public double[] X { get; } = start;

    public int Version { get; private set; }

    public int Buffered => _buffer.Count;

    public void Offer(uint client, int pulled, int steps, double examples, float[] delta, bool[] from, float[] pulledX)
    {
        double[] vector = new double[X.Length];
        int staleness = Version - pulled;
        for (int i = 0; i < X.Length; i++)
        {
            bool both = _mask[i] && from[i];
            vector[i] = algorithm switch
            {
                "fedasync" => both ? pulledX[i] + delta[i] : X[i],
                "fedbuff" => both ? delta[i] : 0,
                _ => both ? delta[i] / (double)steps : 0,
            };
        }

        double weight = algorithm is "fedbuff" or "fedasync" ? Math.Pow(staleness + 1, -0.5) : 1;
        _buffer.Add((client, vector, weight, algorithm == "fedbuff" ? examples : 1));
    }

    public void Advance(bool[] next)
    {
        foreach ((uint client, double[] vector, _, _) in _buffer)
        {
            _memory[client] = vector;
        }

        for (int i = 0; i < X.Length; i++)
        {
            X[i] += algorithm switch
            {
                "fedasync" => 0.6 * _buffer[0].Weight * (_buffer[0].Vector[i] - X[i]),
                "afa-cs" => _memory.Values.Average(vector => vector[i]),
                _ => _buffer.Sum(update => update.Weight * update.Examples * update.Vector[i]) / _buffer.Sum(update => update.Examples),
            };
        }

        _buffer.Clear();
        Version++;
        _mask = next;
        foreach (double[] vector in _memory.Values.Append(X))
        {
            for (int i = 0; i < vector.Length; i++)
            {
                vector[i] = next[i] ? vector[i] : 0;
            }
        }
    }

    /// <summary>Which coordinates of the flat vector a mask leaves.</summary>
    public static bool[] Flags(ModelMask mask)
    {
        float[] ones = Enumerable.Repeat(1f, mask.ParameterCount).ToArray();
        mask.Apply(ones);
        return [.. ones.Select(value => value == 1)];
    }
}
