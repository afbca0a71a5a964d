using Federated.Aggregation.Robust.Catalog;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>What a rule decided as blocks of a message, and back.</summary>
public static class VerdictBlocks
{
    /// <summary>The blocks of a decision, for those who carry it out.</summary>
    /// <param name="section">Position of the section.</param>
    /// <param name="verdict">The decision.</param>
    /// <param name="updates">Positions of the receiver's updates: of a weighted sum it needs no other shares.</param>
    public static IEnumerable<ExchangeBlock> Of(int section, RuleVerdict verdict, IReadOnlyList<int> updates)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        ArgumentNullException.ThrowIfNull(updates);
        if (verdict.Coefficients is { } coefficients)
        {
            yield return ExchangeBlock.OfNumbers(section, ExchangeContent.Coefficients, 1, [.. updates.Select(i => coefficients[i])]);
            yield break;
        }

        yield return ExchangeBlock.OfNumbers(section, ExchangeContent.Dropped, 1, [.. verdict.Dropped.Select(i => (double)i)]);
        yield return ExchangeBlock.OfNumbers(section, ExchangeContent.Sources, 1, [.. verdict.Sources.Select(i => (double)i)]);
        if (verdict.Rows is { } rows)
        {
            yield return ExchangeBlock.OfNumbers(section, ExchangeContent.Mixing, rows.Count, [.. rows.SelectMany(row => row)]);
        }
    }

    /// <summary>The shares of the receiver's updates.</summary>
    /// <param name="blocks">Those of one section.</param>
    /// <param name="updates">How many updates the receiver has.</param>
    /// <exception cref="InvalidDataException">The blocks are something else.</exception>
    public static double[] Coefficients(IReadOnlyList<ExchangeBlock> blocks, int updates)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        return blocks is [{ Shape.Content: ExchangeContent.Coefficients } block] && block.Wide.Length == updates && block.Wide.All(double.IsFinite)
            ? block.Wide
            : throw new InvalidDataException($"The coefficients of {updates} updates are expected; there is [{string.Join(", ", blocks.Select(block => block.Shape))}].");
    }

    /// <summary>How coordinates are reduced.</summary>
    /// <param name="blocks">Those of one section.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="updates">Updates of the section in the whole round.</param>
    /// <exception cref="InvalidDataException">The blocks are something else, or a number in them is impossible.</exception>
    public static RuleVerdict Reduction(IReadOnlyList<ExchangeBlock> blocks, RobustRule rule, int updates)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentNullException.ThrowIfNull(rule);
        ExchangeBlock? mixing = blocks.SingleOrDefault(block => block.Shape.Content == ExchangeContent.Mixing);
        int[] dropped = Positions(blocks, ExchangeContent.Dropped, updates);
        int[] sources = Positions(blocks, ExchangeContent.Sources, updates);
        if (sources.Length == 0 || sources.Intersect(dropped).Any()
            || (mixing is not null && (mixing.Shape.Columns != sources.Length || mixing.Shape.Rows == 0 || !mixing.Wide.All(double.IsFinite))))
        {
            throw new InvalidDataException($"The reduction of {updates} updates is impossible: {sources.Length} sources, {dropped.Length} dropped, mixing {mixing?.Shape}.");
        }

        try
        {
            return rule.Reduction(sources, mixing is null ? null : [.. mixing.Wide.Chunk(sources.Length)], dropped);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"The reduction does not fit the rule '{rule.Text}': {exception.Message}", exception);
        }
    }

    private static int[] Positions(IReadOnlyList<ExchangeBlock> blocks, ExchangeContent content, int updates)
    {
        double[] numbers = blocks.SingleOrDefault(block => block.Shape.Content == content)?.Wide
            ?? throw new InvalidDataException($"The block {content} of the reduction is missing.");
        return numbers.All(number => number >= 0 && number < updates && number == Math.Truncate(number)) && numbers.Distinct().Count() == numbers.Length
            ? [.. numbers.Select(number => (int)number)]
            : throw new InvalidDataException($"The block {content} names updates that are not among the {updates}, or one twice.");
    }
}
