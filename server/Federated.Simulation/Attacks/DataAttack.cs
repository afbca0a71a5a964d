using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Attacks;

/// <summary>The attackers train honestly on data that were changed.</summary>
public sealed class DataAttack : Attack
{
    private readonly Action<AttackerData, CounterRandom> _poison;

    /// <summary>An attack by a change of the examples.</summary>
    /// <param name="text">What the catalogue made it from.</param>
    /// <param name="poison">Changes the examples of one attacker.</param>
    public DataAttack(string text, Action<AttackerData, CounterRandom> poison)
        : base(text) => _poison = poison;

    /// <summary>An attack by a patch.</summary>
    /// <param name="text">What the catalogue made it from.</param>
    /// <param name="patch">The patch.</param>
    public DataAttack(string text, BackdoorPatch patch)
        : this(text, patch.Poison) => Patch = patch;

    /// <summary>The patch whose effect on test examples tells the attack's success; null for attacks without one.</summary>
    public BackdoorPatch? Patch { get; }

    /// <summary>Gives attackers changed copies of their examples. The examples of the others stay as they are.</summary>
    /// <param name="examples">The shared examples.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="clients">All clients.</param>
    /// <param name="attackers">Positions of the attackers among the clients.</param>
    /// <param name="seed">The simulation's seed.</param>
    /// <returns>The examples with the changed copies behind them, and the clients; the attackers own the copies.</returns>
    public (ExampleSet Examples, VirtualClient[] Clients) Poison(
        ExampleSet examples, ModelShape shape, int classCount, IReadOnlyList<VirtualClient> clients, IReadOnlyCollection<int> attackers, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(clients);
        ArgumentNullException.ThrowIfNull(attackers);
        int copies = attackers.Sum(attacker => clients[attacker].Rows.Length), width = examples.FeatureLength, depth = examples.LabelLength;
        float[] features = new float[checked(copies * width)];
        int[] labels = new int[copies * depth];
        VirtualClient[] changed = [.. clients];
        int next = 0;
        foreach (int attacker in attackers)
        {
            int[] rows = clients[attacker].Rows;
            int first = next;
            foreach (int row in rows)
            {
                examples.CopyRow(row, features.AsSpan(next * width));
                examples.Labels.Span.Slice(row * depth, depth).CopyTo(labels.AsSpan(next * depth));
                next++;
            }

            changed[attacker] = clients[attacker] with { Rows = [.. Enumerable.Range(examples.Count + first, rows.Length)] };
            var data = new AttackerData(
                features.AsMemory(first * width, rows.Length * width), labels.AsMemory(first * depth, rows.Length * depth), shape, classCount);
            _poison(data, new CounterRandom(seed, RandomPurpose.Attack, (uint)attacker));
        }

        return (Appended(examples, features, labels), changed);
    }

    /// <summary>The examples with dense ones behind them, in rows of their own kind.</summary>
    private static ExampleSet Appended(ExampleSet examples, float[] features, int[] labels)
    {
        if (labels.Length == 0)
        {
            return examples;
        }

        int[] allLabels = [.. examples.Labels.Span, .. labels];
        if (examples.SparseFeatures is not { } sparse)
        {
            return new ExampleSet((float[])[.. examples.Features.Span, .. features], examples.FeatureLength, allLabels, examples.LabelLength);
        }

        CsrMatrix added = CsrMatrix.FromDense(features.Length / sparse.Columns, sparse.Columns, features);
        int[] pointers = [.. sparse.RowPointers.Span, .. added.RowPointers[1..].ToArray().Select(end => sparse.Count + end)];
        return new ExampleSet(
            new CsrMatrix(sparse.Rows + added.Rows, sparse.Columns, pointers, (int[])[.. sparse.ColumnIndices.Span, .. added.ColumnIndices.Span], (float[])[.. sparse.Values.Span, .. added.Values.Span]),
            allLabels,
            examples.LabelLength);
    }
}
