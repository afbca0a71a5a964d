using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Exchange;

/// <summary>
/// Who tells whom what in the two passes of a round: follows from the round's plan and its tree alone, so that every node comes to the same. The ranges of a
/// section belong to the nodes in the tree's order, the top first: a small section is one range, and the top's.
/// </summary>
public sealed class ExchangePlan
{
    /// <summary>The sender of what the server tells.</summary>
    public const string Server = "";

    private readonly RobustRule _rule;
    private readonly RobustRule _ofAbsolute;
    private readonly string[] _owners;
    private readonly ParameterRange[][] _ranges;

    /// <param name="round">The round, whose rule is not the mean.</param>
    /// <param name="tree">Its tree.</param>
    public ExchangePlan(RoundPlan round, TreePlan tree)
    {
        ArgumentNullException.ThrowIfNull(round);
        ArgumentNullException.ThrowIfNull(tree);
        Round = round;
        Tree = tree;
        Top = tree.Top.NodeId;
        _rule = RuleCatalog.Create(round.KeepsUpdates ? "mean" : round.Rule, round.Byzantine);
        _ofAbsolute = RuleCatalog.Create("trimmed-mean", round.Byzantine);
        _owners = [Top, .. tree.Nodes.Select(node => node.NodeId).Where(id => id != Top)];
        _ranges = [.. round.Sections.Select((section, i) => IsSketched(i) || round.IsHandedOver(i) ? [] : ParameterRange.Cut((int)section.ElementCount, _owners.Length))];
        Sketch = new CountSketch(round.RuleSeed, (uint)round.Key.Round, CountSketch.WidthFor(round.SketchError));
    }

    public RoundPlan Round { get; }

    public TreePlan Tree { get; }

    /// <summary>The node that judges.</summary>
    public string Top { get; }

    /// <summary>The round's projection, under a seed that no device knows.</summary>
    public CountSketch Sketch { get; }

    /// <summary>The rule of a section.</summary>
    public RobustRule RuleOf(int section) => RetainedAggregation.IsAbsolute(Round.Sections[section]) ? _ofAbsolute : _rule;

    /// <summary>Whether the updates' values of a section stay on their nodes.</summary>
    public bool IsSketched(int section) => Round.Exchange == ExchangeModes.Sketch && !RuleOf(section).Reduces && !Round.IsHandedOver(section);

    /// <summary>The range of a section that a node owns; empty for none.</summary>
    public ParameterRange RangeOf(int section, string node)
    {
        int owner = Array.IndexOf(_owners, node);
        return owner >= 0 && owner < _ranges[section].Length ? _ranges[section][owner] : default;
    }

    /// <summary>Whether a node owns a range of a section.</summary>
    public bool OwnsAny(string node) => Enumerable.Range(0, _ranges.Length).Any(section => RangeOf(section, node).Length > 0);

    /// <summary>The other nodes that a node's share is for.</summary>
    public IEnumerable<string> ReceiversOf(string node) => _owners.Where(other => other != node && (other == Top || OwnsAny(other)));

    /// <summary>The nodes whose shares a node needs.</summary>
    public IEnumerable<string> SharesFor(string node) => node == Top || OwnsAny(node) ? _owners.Where(other => other != node) : [];

    /// <summary>The nodes whose findings the top needs.</summary>
    public IEnumerable<string> FindingsFor(string node) => node == Top ? _owners.Where(other => other != Top && OwnsAny(other)) : [];

    /// <summary>Whether the rule starts from the last aggregate in a section.</summary>
    public bool IsCentred(int section) => RuleOf(section).UsesCentre && Round.Centred.Contains(Round.Sections[section].Role);

    /// <summary>What the server tells every node of a round whose rule starts from the last aggregates.</summary>
    /// <param name="round">The round, with its centres.</param>
    public static ExchangeMessage StartOf(RoundPlan round)
    {
        ArgumentNullException.ThrowIfNull(round);
        return new ExchangeMessage(
            ExchangeKind.Start, Server, [],
            [
                .. Enumerable.Range(0, round.Sections.Length).Where(section => round.Centred.Contains(round.Sections[section].Role))
                    .Select(section => ExchangeBlock.OfVectors(section, ExchangeContent.Sum, 0, [round.Centres[round.Sections[section].Role]])),
            ]);
    }

    /// <summary>Whether an update carries a section.</summary>
    public bool Carries(UpdateCommitted update, int section)
    {
        ArgumentNullException.ThrowIfNull(update);
        return Round.Forms is null || Round.FormOf(update.Role) is { IsDefault: false } form && form.Contains(section);
    }

    /// <summary>Bytes of other nodes' updates, and of the last aggregates, that a node has to hold while the round closes, at most.</summary>
    /// <param name="node">The node.</param>
    /// <param name="others">Updates on the other nodes.</param>
    public long HeldBytes(string node, long others) =>
        (others * sizeof(float) * Enumerable.Range(0, _ranges.Length).Sum(section => (long)RangeOf(section, node).Length))
        + Round.Sections.Where(section => Round.Centred.Contains(section.Role)).Sum(section => sizeof(float) * (long)section.ElementCount);
}
