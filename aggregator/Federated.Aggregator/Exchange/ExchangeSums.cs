using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Hierarchy;

namespace Federated.Aggregator.Exchange;

/// <summary>
/// What a node and those below it contribute to the aggregate, range by range: contributions to the same range are added, in float64, and different ranges lie side by
/// side. Weighted sums and reduced ranges are so merged alike.
/// </summary>
internal sealed class ExchangeSums
{
    private readonly SortedDictionary<(int Section, int From), (float[]? First, UpdateAccumulator? Sum)> _ranges = [];
    private readonly SortedDictionary<int, double[]> _distances = [];

    /// <summary>Adds a contribution; the array is this object's from now on.</summary>
    public void Add(int section, int from, float[] values)
    {
        if (!_ranges.TryGetValue((section, from), out (float[]? First, UpdateAccumulator? Sum) known))
        {
            _ranges.Add((section, from), (values, null));
            return;
        }

        UpdateAccumulator sum = known.Sum ?? new UpdateAccumulator([new SectionShape(ElementType.Float32, values.Length, Denominator.None)]);
        if (known.First is not null)
        {
            sum.Accumulate(MemoryMarshal.AsBytes<float>(known.First), 1);
        }

        sum.Accumulate(MemoryMarshal.AsBytes<float>(values), 1);
        _ranges[(section, from)] = (null, sum);
    }

    /// <summary>Adds squared distances of the updates to the aggregate.</summary>
    public void AddDistances(int section, double[] squares)
    {
        double[] sum = _distances.TryGetValue(section, out double[]? known) ? known : new double[squares.Length];
        if (sum.Length != squares.Length)
        {
            throw new InvalidDataException($"Distances in section {section} are of {squares.Length} updates and of {sum.Length}.");
        }

        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] += squares[i];
        }

        _distances[section] = sum;
    }

    /// <summary>Adds what a child has told.</summary>
    public void Add(ExchangeMessage part)
    {
        foreach (ExchangeBlock block in part.Blocks)
        {
            if (block.Shape.Content == ExchangeContent.Sum)
            {
                Add(block.Shape.Section, block.Shape.From, MemoryMarshal.TryGetArray(block.Single[0], out ArraySegment<float> whole) && whole.Count == whole.Array!.Length
                    ? whole.Array : block.Single[0].ToArray());
            }
            else
            {
                AddDistances(block.Shape.Section, block.Wide);
            }
        }
    }

    /// <summary>The whole of it as blocks.</summary>
    public IReadOnlyList<ExchangeBlock> Blocks() =>
    [
        .. _ranges.Select(pair => ExchangeBlock.OfVectors(pair.Key.Section, ExchangeContent.Sum, pair.Key.From, [ValuesOf(pair.Value)])),
        .. _distances.Select(pair => ExchangeBlock.OfNumbers(pair.Key, ExchangeContent.Distances, 1, pair.Value)),
    ];

    /// <summary>Puts the ranges of a section side by side.</summary>
    /// <exception cref="InvalidOperationException">They do not cover it.</exception>
    public float[] Whole(int section, int length)
    {
        float[] whole = new float[length];
        int covered = 0;
        foreach (((int _, int from), (float[]? First, UpdateAccumulator? Sum) range) in _ranges.Where(pair => pair.Key.Section == section))
        {
            float[] values = ValuesOf(range);
            values.CopyTo(whole, from);
            covered += values.Length;
        }

        return covered == length ? whole : throw new InvalidOperationException($"Of the {length} parameters of section {section} {covered} were aggregated.");
    }

    /// <summary>Squared distances of the updates of a section; null when nobody measured them.</summary>
    public double[]? DistancesOf(int section) => _distances.GetValueOrDefault(section);

    private static float[] ValuesOf((float[]? First, UpdateAccumulator? Sum) range) => range.First ?? range.Sum!.Preview().Sections[0].Single;
}
