using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>
/// What one node tells the top about the updates that it keeps, when inner products across nodes come from sketches: the exact statistics of its own
/// updates and a sketch of each. It is short; the updates stay where they are.
/// </summary>
/// <param name="Inside">Of its own updates; exact.</param>
/// <param name="Sketches">One for each of its updates, under the round's projection.</param>
public sealed record NodeStatistics(RuleStatistics Inside, IReadOnlyList<float[]> Sketches)
{
    /// <summary>Measures the updates of one node.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="input">The node's updates; seed, round and centre are those of the whole round.</param>
    /// <param name="length">Parameters of the model.</param>
    /// <param name="sketch">The round's projection.</param>
    /// <exception cref="ArgumentException">The rule needs more than inner products and samples.</exception>
    public static NodeStatistics Measure(RobustRule rule, RobustInput input, int length, CountSketch sketch)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(sketch);
        RuleStatistics inside = rule.Measure(input, 0, length);
        var sketches = new float[input.Updates.Count][];
        Parallel.For(0, sketches.Length, new ParallelOptions { MaxDegreeOfParallelism = input.Degree == 0 ? Environment.ProcessorCount : input.Degree }, i =>
            sketches[i] = inside.Gram is null || !inside.Finite[i] ? [] : sketch.Of(input.Updates[i].Span));
        return new NodeStatistics(inside, sketches);
    }

    /// <summary>
    /// The statistics of the whole round, with the updates in the order of the nodes. Inner products inside a node, and with the centre, are exact; those across
    /// nodes are those of the sketches. Rounding of the sketches may leave a matrix that no vectors have; it is brought to the nearest one that some have.
    /// </summary>
    /// <param name="nodes">What every node told; at least one.</param>
    public static RuleStatistics Join(IReadOnlyList<NodeStatistics> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfZero(nodes.Count, nameof(nodes));
        bool[] finite = [.. nodes.SelectMany(node => node.Inside.Finite)];
        float[][][] samples =
        [
            .. Enumerable.Range(0, nodes[0].Inside.Samples.Length).Select(turn => nodes.SelectMany(node => node.Inside.Samples[turn]).ToArray()),
        ];
        return new RuleStatistics(nodes[0].Inside.Gram is null ? null : Products(nodes, finite), finite, samples);
    }

    private static GramMatrix Products(IReadOnlyList<NodeStatistics> nodes, bool[] finite)
    {
        int[] node = [.. nodes.SelectMany((one, k) => one.Sketches.Select(_ => k))];
        int[] inNode = [.. nodes.SelectMany(one => Enumerable.Range(0, one.Sketches.Count))];
        float[][] sketches = [.. nodes.SelectMany(one => one.Sketches)];
        GramMatrix first = nodes[0].Inside.Gram!;
        int updates = node.Length;
        int count = updates + first.Count - nodes[0].Sketches.Count;
        double Product(int i, int j)
        {
            if (i == updates || j == updates)
            {
                // The centre is the last vector of every node.
                int update = Math.Min(i, j);
                return update == updates ? first[first.Count - 1, first.Count - 1] : Inside(update)[inNode[update], Inside(update).Count - 1];
            }

            return node[i] == node[j] ? Inside(i)[inNode[i], inNode[j]]
                : finite[i] && finite[j] ? VectorMath.Dot(sketches[i], sketches[j])
                : double.NaN;
        }

        GramMatrix Inside(int update) => nodes[node[update]].Inside.Gram!;

        double[] products = new double[count * count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                products[(i * count) + j] = products[(j * count) + i] = Product(i, j);
            }
        }

        return nodes.Count == 1 ? new GramMatrix(products) : PositiveGram.Nearest(new GramMatrix(products));
    }
}
