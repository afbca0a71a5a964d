using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>The statistics of a rule as blocks of a message, and back.</summary>
public static class StatisticsBlocks
{
    /// <summary>The blocks of the statistics of a section.</summary>
    /// <param name="section">Position of the section.</param>
    /// <param name="statistics">What was measured.</param>
    public static IEnumerable<ExchangeBlock> Of(int section, RuleStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        yield return ExchangeBlock.OfNumbers(section, ExchangeContent.Finite, 1, [.. statistics.Finite.Select(finite => finite ? 1.0 : 0)]);
        if (statistics.Gram is { } gram)
        {
            yield return ExchangeBlock.OfNumbers(section, ExchangeContent.Gram, gram.Count, gram.Products.ToArray());
        }

        for (int turn = 0; turn < statistics.Samples.Length; turn++)
        {
            yield return ExchangeBlock.OfVectors(section, ExchangeContent.Sample, turn, [.. statistics.Samples[turn].Select(sample => (ReadOnlyMemory<float>)sample)]);
        }
    }

    /// <summary>The statistics that blocks of a section hold.</summary>
    /// <param name="blocks">Those of one section.</param>
    /// <param name="updates">Updates that it must be about.</param>
    /// <exception cref="InvalidDataException">Something is missing, twice, or of another size.</exception>
    public static RuleStatistics Read(IReadOnlyList<ExchangeBlock> blocks, int updates)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ExchangeBlock finite = blocks.SingleOrDefault(block => block.Shape.Content == ExchangeContent.Finite)
            ?? throw new InvalidDataException("Statistics do not say which updates are finite.");
        ExchangeBlock? gram = blocks.SingleOrDefault(block => block.Shape.Content == ExchangeContent.Gram);
        ExchangeBlock[] samples = [.. blocks.Where(block => block.Shape.Content == ExchangeContent.Sample).OrderBy(block => block.Shape.From)];
        bool isWhole = finite.Shape is { Rows: 1 } && finite.Wide.Length == updates
            && (gram is null || (gram.Shape.Rows == gram.Shape.Columns && gram.Shape.Rows >= updates && gram.Shape.Rows <= updates + 1))
            && samples.Select((sample, turn) => sample.Shape.From == turn && sample.Shape.Rows == updates).All(fits => fits);
        return isWhole
            ? new RuleStatistics(
                gram is null ? null : new GramMatrix(gram.Wide),
                [.. finite.Wide.Select(flag => flag == 1)],
                [.. samples.Select(sample => sample.Single.Select(row => row.ToArray()).ToArray())])
            : throw new InvalidDataException($"The statistics [{string.Join(", ", blocks.Select(block => block.Shape))}] are not of {updates} updates.");
    }
}
