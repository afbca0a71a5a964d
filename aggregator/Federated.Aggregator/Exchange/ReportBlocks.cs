using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Exchange;

/// <summary>The aggregate of a round with the scores of its updates as blocks of a message, and back.</summary>
public static class ReportBlocks
{
    /// <summary>The message from the top to the server.</summary>
    /// <param name="plan">The round.</param>
    /// <param name="top">The node that has it.</param>
    /// <param name="closed">The aggregate.</param>
    public static ExchangeMessage Of(RoundPlan plan, string top, ClosedRound closed)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(closed);
        var blocks = new List<ExchangeBlock>();
        foreach (SectionAggregate section in closed.Sections)
        {
            int number = plan.Sections.IndexOf(section.Spec);
            blocks.Add(ExchangeBlock.OfVectors(number, ExchangeContent.Sum, 0, [section.Single]));
            blocks.Add(ExchangeBlock.OfNumbers(number, ExchangeContent.Divisor, 1, [section.Divisor]));
        }

        blocks.Add(ExchangeBlock.OfNumbers(
            0, ExchangeContent.Scores, 2, [.. closed.Scores.Select(score => score.Coefficient ?? double.NaN), .. closed.Scores.Select(score => score.Trust)]));
        return new ExchangeMessage(ExchangeKind.Report, top, closed.Included, blocks);
    }

    /// <summary>Reads such a message.</summary>
    public static ExchangeReader Reader(RoundPlan plan) => new(ExchangeKind.Report, shapes => shapes.FirstOrDefault(shape => !MayCome(plan, shape)) is { Rows: > 0 } odd
        ? $"The aggregate of round {plan.Key} does not have {odd}." : null);

    /// <summary>The aggregate that a message holds.</summary>
    /// <exception cref="InvalidDataException">Something is missing.</exception>
    public static ClosedRound Read(RoundPlan plan, IReadOnlyList<UpdateCommitted> included, IReadOnlyList<ExchangeBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(included);
        ArgumentNullException.ThrowIfNull(blocks);
        double[]? scores = blocks.SingleOrDefault(block => block.Shape.Content == ExchangeContent.Scores)?.Wide;
        if (scores?.Length != 2 * included.Count)
        {
            throw new InvalidDataException($"The aggregate of round {plan.Key} has {included.Count} updates and {scores?.Length / 2 ?? 0} scores.");
        }

        return new ClosedRound(
            [
                .. blocks.Where(block => block.Shape.Content == ExchangeContent.Sum).Select(block => new SectionAggregate(
                    plan.Sections[block.Shape.Section], block.Single[0].ToArray(), [],
                    blocks.FirstOrDefault(other => other.Shape.Section == block.Shape.Section && other.Shape.Content == ExchangeContent.Divisor)?.Wide[0]
                        ?? throw new InvalidDataException($"Section {block.Shape.Section} of round {plan.Key} came without its divisor."))),
            ],
            included)
        {
            Scores = [.. Enumerable.Range(0, included.Count).Select(i => new UpdateScore(double.IsNaN(scores[i]) ? null : scores[i], scores[included.Count + i]))],
        };
    }

    private static bool MayCome(RoundPlan plan, ExchangeShape shape) => shape.Section < plan.Sections.Length && shape.Content switch
    {
        ExchangeContent.Sum => shape is { From: 0, Rows: 1 } && (ulong)shape.Columns == plan.Sections[shape.Section].ElementCount,
        ExchangeContent.Divisor => shape is { Rows: 1, Columns: 1 },
        ExchangeContent.Scores => shape.Rows == 2 && shape.Columns <= plan.MostUpdates,
        _ => false,
    };
}
