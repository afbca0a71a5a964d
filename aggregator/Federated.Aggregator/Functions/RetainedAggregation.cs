using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Coordinates;
using Federated.Aggregation.Robust.Gram;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Codecs;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>
/// Aggregates updates that were retained until their round closed, by a rule that needs them all at hand. Each section is aggregated by itself, over the updates that
/// carry it; the judgement of an update is that of its first section. Sections of absolute values (batch-norm statistics) go by the trimmed mean with the same f, because lengths and directions
/// of absolute values mean nothing.
/// </summary>
/// <remarks>
/// Weights never enter what a rule judges by. In the final sum of sections that are averaged by weight they count up to the median weight of the round, so that no
/// device buys influence by claiming examples.
/// </remarks>
/// <param name="sections">The sections of every update.</param>
/// <param name="rule">The rule.</param>
/// <param name="seed">Decides the rule's own draws; devices must not know it.</param>
/// <param name="handedOver">Sections that are not aggregated here, but handed over update by update.</param>
public sealed class RetainedAggregation(ImmutableArray<SectionSpec> sections, RobustRule rule, ulong seed, ImmutableArray<SectionRole> handedOver = default)
{
    private static readonly SectionRole[] Absolute = [SectionRole.BnStatistics, SectionRole.Counts, SectionRole.Weights];

    /// <summary>Whether a rule other than the mean can aggregate a section.</summary>
    public static bool CanAggregate(SectionSpec section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return section is { Codec: SectionCodec.Dense or SectionCodec.Frame, Dtype: SectionDType.F32, ElementCount: <= int.MaxValue };
    }

    /// <summary>Positions of the sections whose inner products the rule judges by, and which can be read where they lie.</summary>
    public ImmutableArray<int> GrowingSections => rule.NeedsGram
        ? [.. Enumerable.Range(0, sections.Length).Where(i => sections[i].Codec == SectionCodec.Dense && !Absolute.Contains(sections[i].Role) && !IsHandedOver(i))]
        : [];

    /// <summary>Where the rule starts in a section; null for zeros, and for rules that start nowhere.</summary>
    /// <param name="number">Position of the section.</param>
    /// <param name="centres">The last aggregates; null for none.</param>
    public ReadOnlyMemory<float>? CentreOf(int number, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>? centres)
    {
        SectionSpec section = sections[number];
        return rule.UsesCentre && section.Denominator != SectionDenominator.None
            && centres?.TryGetValue(section.Role, out ReadOnlyMemory<float> centre) == true && (ulong)centre.Length == section.ElementCount ? centre : default(ReadOnlyMemory<float>?);
    }

    /// <summary>Aggregates the updates of a round.</summary>
    /// <param name="round">The round; addresses the rule's draws.</param>
    /// <param name="updates">At least one update.</param>
    /// <param name="centres">The last aggregates, by section; null for none.</param>
    /// <param name="products">Inner products of a section over the updates that carry it, by their positions in <paramref name="updates"/>, with that of <see cref="CentreOf"/> behind them, where they are there already; null, or giving null, for none.</param>
    /// <exception cref="ArgumentException">The rule cannot work with these updates; the message says which number is wrong.</exception>
    public RetainedReport Report(RoundKey round, IReadOnlyList<RetainedUpdate> updates, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>? centres = null, Func<int, int[], GramMatrix?>? products = null)
    {
        ArgumentNullException.ThrowIfNull(round);
        ArgumentNullException.ThrowIfNull(updates);
        double[] weights = MedianWeights.Cap([.. updates.Select(update => update.Weight)]);
        var aggregates = new List<SectionAggregate>(sections.Length);
        UpdateScore?[] scores = new UpdateScore?[updates.Count];
        for (int i = 0; i < sections.Length; i++)
        {
            int[] carriers = [.. Enumerable.Range(0, updates.Count).Where(k => SectionBytes.Carries(updates[k], i))];
            if (carriers.Length > 0 && !IsHandedOver(i))
            {
                aggregates.Add(Aggregate(round, i, updates, carriers, weights, CentreOf(i, centres), products?.Invoke(i, carriers), scores));
            }
        }

        return new RetainedReport(aggregates, [.. scores.Select(score => score ?? default)]);
    }

    /// <summary>Decodes the sections that are handed over.</summary>
    /// <param name="updates">The updates of a round.</param>
    /// <returns>Position of the update, role of the section, and its values, which are the receiver's.</returns>
    public IEnumerable<(int Update, SectionRole Role, float[] Values)> HandOver(IReadOnlyList<RetainedUpdate> updates)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return
            from number in Enumerable.Range(0, sections.Length)
            where IsHandedOver(number)
            from k in Enumerable.Range(0, updates.Count)
            where SectionBytes.Carries(updates[k], number)
            select (k, sections[number].Role, KeptSections.Read(sections, updates[k], number));
    }

    private bool IsHandedOver(int number) => !handedOver.IsDefault && handedOver.Contains(sections[number].Role);

    private SectionAggregate Aggregate(
        RoundKey round, int number, IReadOnlyList<RetainedUpdate> updates, int[] carriers, double[] weights, ReadOnlyMemory<float>? centre, GramMatrix? products,
        UpdateScore?[] scores)
    {
        SectionSpec section = sections[number];
        float[] aggregate = GC.AllocateUninitializedArray<float>((int)section.ElementCount);
        if (Absolute.Contains(section.Role))
        {
            new TrimmedMean(rule.Byzantine).Aggregate([.. carriers.Select(k => Values(updates[k], number))], aggregate);
        }
        else
        {
            var input = new RobustInput
            {
                Updates = new ReadOnlyMemory<float>[carriers.Length],
                Weights = section.Denominator == SectionDenominator.Weight ? [.. carriers.Select(k => weights[k])] : null,
                Centre = centre,
                Seed = seed,
                Round = (uint)round.Round,
            };
            RobustAggregate found = TryAggregateSparse(input, section, [.. carriers.Select(k => SectionBytes.Of(sections, updates[k], number))], aggregate)
                ?? rule.Aggregate(input with { Updates = [.. carriers.Select(k => Values(updates[k], number))] }, aggregate, products);
            for (int k = 0; k < carriers.Length; k++)
            {
                scores[carriers[k]] ??= new UpdateScore(found.Coefficients?[k], double.IsFinite(found.Scores[k]) ? found.Scores[k] : 0);
            }
        }

        // A sum that is divided by nothing keeps the size of one.
        if (section.Denominator == SectionDenominator.None)
        {
            TensorPrimitives.Multiply(aggregate, carriers.Length, aggregate);
        }

        return new SectionAggregate(section, aggregate, [], section.Denominator == SectionDenominator.None ? 1 : carriers.Length);
    }

    /// <summary>Sparse frames under a rule that ends in a weighted sum stay sparse from end to end; null when a frame is not, or the rule has to see more.</summary>
    private RobustAggregate? TryAggregateSparse(RobustInput input, SectionSpec section, ReadOnlyMemory<byte>[] frames, float[] aggregate)
    {
        if (section.Codec != SectionCodec.Frame || rule.Family != RuleFamily.Gram || input.Centre is not null)
        {
            return null;
        }

        var gram = new SparseGram(aggregate.Length);
        List<int> indices = [];
        List<float> values = [];
        foreach (ReadOnlyMemory<byte> frame in frames)
        {
            if (!Frames.TryDecodeSparse(frame.Span, aggregate.Length, indices, values))
            {
                return null;
            }

            gram.Add(CollectionsMarshal.AsSpan(indices), CollectionsMarshal.AsSpan(values));
        }

        RuleVerdict verdict = rule.Judge(rule.Measure(input, gram.Matrix(), 0, aggregate.Length), input);
        double[] coefficients = [.. verdict.Coefficients!];
        double[] sums = new double[aggregate.Length];
        for (int k = 0; k < frames.Length; k++)
        {
            if (coefficients[k] != 0)
            {
                Frames.AddTo(frames[k].Span, coefficients[k], sums);
            }
        }

        for (int i = 0; i < sums.Length; i++)
        {
            aggregate[i] = (float)sums[i];
        }

        return new RobustAggregate(coefficients, [.. verdict.Scores!], verdict.Dropped);
    }

    /// <summary>Whether a section holds absolute values, which are aggregated by the trimmed mean.</summary>
    internal static bool IsAbsolute(SectionSpec section) => Absolute.Contains(section.Role);

    /// <summary>The values of a section of an update; a frame is decoded, because what a rule compares are vectors.</summary>
    internal ReadOnlyMemory<float> Values(RetainedUpdate update, int number)
    {
        return sections[number].Codec == SectionCodec.Frame
            ? KeptSections.Read(sections, update, number)
            : FloatMemory.Of(SectionBytes.Of(sections, update, number));
    }
}
