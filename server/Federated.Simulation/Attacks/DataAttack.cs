using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Attacks;

/// <summary>The attackers train honestly on data that were changed.</summary>
public sealed class DataAttack : Attack
{
    private readonly Func<AttackerData, CounterRandom, IReadOnlyList<int>> _poison;

    /// <summary>An attack by a change of the labels.</summary>
    /// <param name="text">What the catalogue made it from.</param>
    /// <param name="poison">Changes the labels of one attacker.</param>
    public DataAttack(string text, Action<AttackerData> poison)
        : base(text) => _poison = (data, _) =>
        {
            poison(data);
            return [];
        };

    /// <summary>An attack by a patch.</summary>
    /// <param name="text">What the catalogue made it from.</param>
    /// <param name="patch">The patch.</param>
    public DataAttack(string text, BackdoorPatch patch)
        : base(text) => (_poison, Patch) = (patch.Poison, patch);

    /// <summary>The patch whose effect on test examples tells the attack's success; null for attacks without one.</summary>
    public BackdoorPatch? Patch { get; }

    /// <summary>Gives attackers changed copies of their examples. The examples of the others stay as they are.</summary>
    /// <param name="examples">The shared examples.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="clients">All clients.</param>
    /// <param name="attackers">Positions of the attackers among the clients.</param>
    /// <param name="seed">The simulation's seed.</param>
    /// <returns>The examples with the changed copies behind them, in rows of their own kind, and the clients; the attackers own the copies.</returns>
    /// <exception cref="SimulationException">The attack does not go with the examples, or dense examples and their copies are more than an array holds.</exception>
    public (ExampleSet Examples, VirtualClient[] Clients) Poison(
        ExampleSet examples, ModelShape shape, int classCount, IReadOnlyList<VirtualClient> clients, IReadOnlyCollection<int> attackers, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(clients);
        ArgumentNullException.ThrowIfNull(attackers);
        int[] rows = [.. attackers.SelectMany(attacker => clients[attacker].Rows)];
        ThrowIfTooMany(examples, rows.Length);
        int depth = examples.LabelLength;
        int[] labels = [.. rows.SelectMany(row => examples.Labels.Slice(row * depth, depth).ToArray())];
        var patched = new HashSet<int>();
        VirtualClient[] changed = [.. clients];
        int first = 0;
        foreach (int attacker in attackers)
        {
            int count = clients[attacker].Rows.Length;
            changed[attacker] = clients[attacker] with { Rows = [.. Enumerable.Range(examples.Count + first, count)] };
            var data = new AttackerData(labels.AsMemory(first * depth, count * depth), shape, classCount);
            int start = first;
            patched.UnionWith(_poison(data, new CounterRandom(seed, RandomPurpose.Attack, (uint)attacker)).Select(row => start + row));
            first += count;
        }

        return rows.Length == 0
            ? (examples, changed)
            : (Appended(examples, ExampleCopies.Of(examples, rows, labels, patched.Contains, Patch?.PlacesIn(shape) ?? [], Patch?.Value ?? 0)), changed);
    }

    private void ThrowIfTooMany(ExampleSet examples, int copies)
    {
        long floats = ((long)examples.Count + copies) * examples.FeatureLength;
        if (examples.SparseFeatures is null && floats > Array.MaxLength)
        {
            throw new SimulationException(
                $"Attack '{Text}': {examples.Count} examples and {copies} changed copies of {examples.FeatureLength} features each are {floats} floats; at most {Array.MaxLength} go into memory. Let fewer clients attack, or give fewer examples.");
        }
    }

    /// <summary>The examples with copies behind them.</summary>
    private static ExampleSet Appended(ExampleSet examples, ExampleSet copies)
    {
        int[] labels = [.. examples.Labels.Span, .. copies.Labels.Span];
        if (examples.SparseFeatures is not { } sparse)
        {
            return new ExampleSet((float[])[.. examples.Features.Span, .. copies.Features.Span], examples.FeatureLength, labels, examples.LabelLength);
        }

        CsrMatrix added = copies.SparseFeatures!;
        int[] pointers = [.. sparse.RowPointers.Span, .. added.RowPointers[1..].ToArray().Select(end => checked(sparse.Count + end))];
        return new ExampleSet(
            new CsrMatrix(sparse.Rows + added.Rows, sparse.Columns, pointers, (int[])[.. sparse.ColumnIndices.Span, .. added.ColumnIndices.Span], (float[])[.. sparse.Values.Span, .. added.Values.Span]),
            labels,
            examples.LabelLength);
    }
}
