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
        int copies = attackers.Sum(attacker => clients[attacker].Rows.Length);
        float[] features = new float[checked((examples.Count + copies) * examples.FeatureLength)];
        int[] labels = new int[(examples.Count + copies) * examples.LabelLength];
        examples.Features.CopyTo(features);
        examples.Labels.CopyTo(labels);
        VirtualClient[] changed = [.. clients];
        int next = examples.Count;
        foreach (int attacker in attackers)
        {
            int[] rows = clients[attacker].Rows;
            int first = next;
            foreach (int row in rows)
            {
                examples.Features.Span.Slice(row * examples.FeatureLength, examples.FeatureLength).CopyTo(features.AsSpan(next * examples.FeatureLength));
                examples.Labels.Span.Slice(row * examples.LabelLength, examples.LabelLength).CopyTo(labels.AsSpan(next * examples.LabelLength));
                next++;
            }

            changed[attacker] = clients[attacker] with { Rows = [.. Enumerable.Range(first, rows.Length)] };
            var data = new AttackerData(
                features.AsMemory(first * examples.FeatureLength, rows.Length * examples.FeatureLength),
                labels.AsMemory(first * examples.LabelLength, rows.Length * examples.LabelLength),
                shape,
                classCount);
            _poison(data, new CounterRandom(seed, RandomPurpose.Attack, (uint)attacker));
        }

        return (new ExampleSet(features, examples.FeatureLength, labels, examples.LabelLength), changed);
    }
}
