using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Mixing;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>
/// A rule behind its pre-aggregations, made by <see cref="RuleCatalog"/>. It works in three stages, which may run in different places:
/// <see cref="Measure(RobustInput, int, int)"/> the updates or shards of them, <see cref="Judge"/> by the sum of what was measured, and
/// <see cref="RuleVerdict.Combine"/> each shard. <see cref="Aggregate"/> does all three. It keeps nothing between rounds.
/// </summary>
public sealed class RobustRule
{
    private readonly (MixingEntry Entry, RuleArguments Arguments)[] _mixings;
    private readonly RuleEntry _entry;
    private readonly RuleArguments _arguments;
    private readonly RuleBody _body;

    internal RobustRule(string text, (MixingEntry Entry, RuleArguments Arguments)[] mixings, RuleEntry entry, RuleArguments arguments)
    {
        Text = text;
        _mixings = mixings;
        _entry = entry;
        _arguments = arguments;
        _body = entry.Make(arguments);
    }

    /// <summary>What the catalogue made it from.</summary>
    public string Text { get; }

    /// <summary>f, the number of updates that may be arbitrary.</summary>
    public int Byzantine => _arguments.Byzantine;

    /// <summary>What the catalogue says about the rule.</summary>
    public RuleDescription Description => _entry.Description;

    /// <summary>What the catalogue says about its pre-aggregations, first to last.</summary>
    public IReadOnlyList<RuleDescription> Mixings => [.. _mixings.Select(mixing => mixing.Entry.Description)];

    /// <summary>What it needs of the updates, pre-aggregations included. All but <see cref="RuleFamily.Linear"/> keep every update until the round closes.</summary>
    public RuleFamily Family => _mixings.Length == 0 ? _entry.Description.Family
        : _entry.Description.Family is RuleFamily.Linear or RuleFamily.Gram ? RuleFamily.Gram
        : RuleFamily.Composite;

    /// <summary>Whether it needs the inner products of the updates, which may grow while they arrive (<see cref="GrowingGram"/>).</summary>
    public bool NeedsGram => _body.NeedsGram || _mixings.Length > 0;

    /// <summary>Whether it starts from the last round's aggregate when it is given.</summary>
    public bool UsesCentre => _body.UsesCentre;

    /// <summary>
    /// Whether it ends in a reduction of each coordinate, which needs the values of all updates side by side; otherwise in a weighted sum, for which the
    /// updates may stay where they are.
    /// </summary>
    public bool Reduces => _body.Reduces;

    /// <summary>Whether the score of an update is its negated distance to the aggregate.</summary>
    public bool ScoresByDistance => _body is CoordinateBody;

    /// <summary>What is wrong with a number of updates; null when it can work with them.</summary>
    /// <param name="updates">n.</param>
    public string? Fault(int updates)
    {
        int count = updates;
        foreach ((MixingEntry entry, RuleArguments arguments) in _mixings)
        {
            if (entry.Fault(arguments, count) is { } fault)
            {
                return fault;
            }

            count = entry.Count(arguments, count);
        }

        return _entry.Fault(_arguments, count);
    }

    /// <summary>Aggregates.</summary>
    /// <param name="input">The updates.</param>
    /// <param name="destination">Receives the aggregate; none of the updates.</param>
    /// <param name="gram">Inner products that are there already, as for <see cref="Measure(RobustInput, GramMatrix, int, int)"/>; null for none.</param>
    /// <exception cref="ArgumentException">There are too few finite updates for the rule, lengths differ, or a weight is out of range.</exception>
    public RobustAggregate Aggregate(RobustInput input, Span<float> destination, GramMatrix? gram = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (_body is CoordinateBody coordinates && _mixings.Length == 0)
        {
            // The network sees by itself what is not finite: that saves a pass over the updates.
            int[] dropped = coordinates.Rule.Aggregate(input.Updates, destination, input.Degree);
            return new RobustAggregate(null, NegatedDistances(input, destination, dropped), dropped);
        }

        RuleStatistics statistics = gram is null || !NeedsGram ? Measure(input, 0, destination.Length) : Measure(input, gram, 0, destination.Length);
        RuleVerdict verdict = Judge(statistics, input);
        verdict.Combine(Vectors(input), destination, input.Degree);
        return new RobustAggregate(
            verdict.Coefficients?.Take(input.Updates.Count).ToArray(),
            verdict.Scores is null ? NegatedDistances(input, destination, verdict.Dropped) : [.. verdict.Scores],
            verdict.Dropped);
    }

    /// <summary>Measures a range of the parameters.</summary>
    /// <param name="input">The range of the updates and of the centre.</param>
    /// <param name="from">Where the range starts.</param>
    /// <param name="length">Parameters of the whole model.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public RuleStatistics Measure(RobustInput input, int from, int length)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Measured(input, NeedsGram ? GramMatrix.Compute(Vectors(input), input.Degree) : null, from, length);
    }

    /// <summary>Measures a range of the parameters whose inner products are there already, for they grew while updates arrived.</summary>
    /// <param name="input">The range of the updates and of the centre.</param>
    /// <param name="gram">Inner products of the updates in the input's order, and of the centre behind them when <see cref="UsesCentre"/> and there is one.</param>
    /// <param name="from">Where the range starts.</param>
    /// <param name="length">Parameters of the whole model.</param>
    /// <exception cref="ArgumentException">The matrix is of another number of vectors.</exception>
    public RuleStatistics Measure(RobustInput input, GramMatrix gram, int from, int length)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(gram);
        int vectors = Vectors(input).Count;
        return gram.Count == vectors
            ? Measured(input, gram, from, length)
            : throw new ArgumentException($"Rule '{Text}': the matrix is of {gram.Count} vectors; there are {vectors}.", nameof(gram));
    }

    /// <summary>Decides by the statistics of the whole range.</summary>
    /// <param name="statistics">The sum of what was measured.</param>
    /// <param name="input">The round; its updates are not read.</param>
    /// <exception cref="ArgumentException">There are too few finite updates for the rule, or a weight is out of range.</exception>
    public RuleVerdict Judge(RuleStatistics statistics, RobustInput input)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ArgumentNullException.ThrowIfNull(input);
        int count = statistics.Finite.Count;
        int[] finite = [.. Enumerable.Range(0, count).Where(i => statistics.Finite[i])];
        int[] dropped = [.. Enumerable.Range(0, count).Except(finite)];
        if (finite.Length == 0)
        {
            throw new ArgumentException($"Rule '{Text}': none of {count} updates is finite: there is nothing to aggregate.");
        }

        double[]? weights = RoundWeights.Check(Text, input.Weights, count) is { } all && finite.Any(i => all[i] > 0) ? [.. finite.Select(i => all[i])] : null;
        RoundView view = View(statistics, finite, dropped, weights, input);
        RuleChoice choice = _body.Choose(view.Seen);
        double[]? scores = choice.Trust is null ? null : view.Spread(choice.Trust, count, finite);
        if (choice.Coefficients is not { } found)
        {
            int[] chosen = choice.Chosen ?? [.. Enumerable.Range(0, view.Seen.Count)];
            return view.Rows is null
                ? new RuleVerdict(choice.Reduction!, [.. chosen.Select(k => finite[k])], null, scores, dropped)
                : new RuleVerdict(choice.Reduction!, finite, [.. chosen.Select(k => view.Rows[k])], scores, dropped);
        }

        double[] shares = _body.AppliesWeights ? found : RoundWeights.Apply(found, view.Seen.Weights);
        return new RuleVerdict(view.Unmix(shares, count, finite), scores!, dropped);
    }

    /// <summary>What the rule decided, from what has travelled of it.</summary>
    internal RuleVerdict Reduction(int[] sources, double[][]? rows, int[] dropped) =>
        new(_body.Reduction(rows?.Length ?? sources.Length, dropped), sources, rows, null, dropped);

    private RuleStatistics Measured(RobustInput input, GramMatrix? gram, int from, int length)
    {
        bool[] finite = new bool[input.Updates.Count];
        Parallel.For(0, finite.Length, new ParallelOptions { MaxDegreeOfParallelism = input.Degree == 0 ? Environment.ProcessorCount : input.Degree }, i =>
            finite[i] = gram is null ? VectorMath.FiniteSquaredNorm(input.Updates[i].Span, out _) : double.IsFinite(gram[i, i]));
        return new RuleStatistics(gram is null ? null : CloseVectors.Refine(gram, Vectors(input), input.Degree), finite, _body.Sample(input.Updates, from, length, Random(input, _mixings.Length)));
    }

    private RoundView View(RuleStatistics statistics, int[] finite, int[] dropped, double[]? weights, RobustInput input)
    {
        GramMatrix? gram = statistics.Gram;
        bool hasCentre = gram?.Count > statistics.Finite.Count;
        if (hasCentre && !double.IsFinite(gram![gram.Count - 1, gram.Count - 1]))
        {
            throw new ArgumentException($"Rule '{Text}': the last aggregate, where it starts, is not finite.");
        }

        float[][][] samples = [.. statistics.Samples.Select(turn => finite.Select(i => turn[i].AsSpan().ToArray()).ToArray())];
        GramMatrix? whole = dropped.Length == 0 ? gram : gram?.Select(hasCentre ? [.. finite, gram.Count - 1] : finite);
        if (_mixings.Length == 0)
        {
            return new RoundView(null, new SeenVectors(finite.Length, whole, samples, weights, dropped));
        }

        IMixing[] mixings = [.. _mixings.Select((mixing, stage) => mixing.Entry.Make(mixing.Arguments, Random(input, stage)))];
        int[] updates = [.. Enumerable.Range(0, finite.Length)];
        return RoundView.Mix(MixingChain.Run(mixings, hasCentre ? whole!.Select(updates) : whole!, dropped), whole!, samples, weights, dropped);
    }

    private IReadOnlyList<ReadOnlyMemory<float>> Vectors(RobustInput input) =>
        UsesCentre && input.Centre is { } centre ? [.. input.Updates, centre] : input.Updates;

    private static CounterRandom Random(RobustInput input, int stage) => new(input.Seed, RandomPurpose.Aggregation, (uint)stage, input.Round);

    private static double[] NegatedDistances(RobustInput input, ReadOnlySpan<float> aggregate, IReadOnlyList<int> dropped)
    {
        double[] scores = new double[input.Updates.Count];
        float[] centre = aggregate.ToArray();
        Parallel.For(0, scores.Length, new ParallelOptions { MaxDegreeOfParallelism = input.Degree == 0 ? Environment.ProcessorCount : input.Degree }, i =>
            scores[i] = dropped.Contains(i) ? 0 : -VectorDistance.Of(input.Updates[i].Span, centre));
        return scores;
    }
}
