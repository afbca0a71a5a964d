using System.Buffers;
using System.Collections.Immutable;

namespace Federated.Aggregation.Accumulators;

/// <summary>
/// The streaming weighted mean of updates with several sections, each with its own sum and denominator. An update may carry some of
/// the sections only; each section is divided by those who carried it. Accumulate, merge
/// with others over any tree, report once. Follows the aggregation core of federated-compute: what was merged into another
/// accumulator or has reported is consumed and throws <see cref="InvalidOperationException"/>. Used by one caller at a time.
/// </summary>
/// <remarks>
/// <para>Sums are float64. A compensated pair of float32 moves the same bytes and is less exact; a single float32 loses the
/// small updates of a large cohort.</para>
/// <para>Bound: for n updates, in any order and over any tree, a mean differs from the exact one by at most
/// <c>(n + 2) · 2^-52 · Σ|w·x| / Σw</c>, plus one rounding (2^-24 relative, at least 2^-150 absolute) of float32 sections.
/// Two orders or trees differ by at most twice that. Unweighted int64 sections are exact before the one rounded division,
/// and weighted ones as long as weights are integers and <c>Σ|w·x| &lt; 2^53</c>. A result outside int64 saturates.</para>
/// <para>Values are not inspected: a NaN that gets in stays in. Whoever takes payloads from devices checks them.</para>
/// </remarks>
public sealed class UpdateAccumulator
{
    private readonly SectionAccumulator[] _sections;
    private readonly ImmutableArray<int> _all;
    private int _degree;
    private bool _isConsumed;
    private double _totalWeight;
    private long _count;

    /// <summary>Starts with nothing.</summary>
    /// <param name="sections">The update's sections in payload order.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <exception cref="ArgumentException">There is no section, or one cannot be summed.</exception>
    public UpdateAccumulator(ImmutableArray<SectionShape> sections, int degree = 0)
    {
        if (sections.IsDefaultOrEmpty)
        {
            throw new ArgumentException("An update has at least one section.", nameof(sections));
        }

        foreach (SectionShape section in sections)
        {
            section.Check();
        }

        Sections = sections;
        _all = [.. Enumerable.Range(0, sections.Length)];
        _sections = [.. sections.Select(SectionAccumulator.Create)];
        Degree = degree;
    }

    /// <summary>Most cores to use at once; 0 for all. Results have the same bits for any degree.</summary>
    public int Degree
    {
        get => _degree;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _degree = value == 0 ? Environment.ProcessorCount : value;
        }
    }

    /// <summary>The update's sections in payload order.</summary>
    public ImmutableArray<SectionShape> Sections { get; }

    /// <summary>Bytes of the payload of an update that carries every section, all of them dense.</summary>
    public long PayloadBytes => Sections.Sum(section => section.Bytes);

    /// <summary>Updates summed so far, here and in what was merged.</summary>
    public long Count => Live._count;

    /// <summary>Sum of their weights.</summary>
    public double TotalWeight => Live._totalWeight;

    /// <summary>Whether there is an update and no division by zero.</summary>
    public bool CanReport => !_isConsumed && _count > 0
        && _sections.All(section => section.Count == 0 || section.Divisor > 0);

    /// <summary>Bytes of the partial that <see cref="BeginWrite"/> hands out.</summary>
    public long PartialBytes => PartialFormat.LengthOf(_sections);

    private UpdateAccumulator Live => !_isConsumed ? this : throw new InvalidOperationException("The accumulator was merged into another or has reported.");

    /// <summary>Adds one update.</summary>
    /// <param name="payload">Its sections one after another, little-endian, dense.</param>
    /// <param name="weight">Its weight, finite and at least 0.</param>
    /// <param name="sections">Positions of the sections that it carries, ascending; default for all of them.</param>
    /// <exception cref="ArgumentException">The payload has another length, or the positions are not ascending.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The weight is out of range. Nothing was added.</exception>
    public unsafe void Accumulate(ReadOnlySpan<byte> payload, double weight, ImmutableArray<int> sections = default)
    {
        _ = Live;
        Check(payload, weight, sections);
        fixed (byte* bytes = payload)
        {
            Run(new UpdatePass(this, InputsOf([(nint)bytes], [weight], [sections]), [weight], []));
        }
    }

    /// <summary>Adds several updates in one pass over the sums: faster than one after another.</summary>
    /// <param name="updates">The updates; not kept.</param>
    /// <exception cref="ArgumentException">A payload has another length. Nothing was added.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A weight is out of range. Nothing was added.</exception>
    public void Accumulate(ReadOnlySpan<RetainedUpdate> updates) => Run(BeginPass(updates));

    /// <summary>Begins to add several updates; the sums are the pass's until it has ended.</summary>
    /// <param name="updates">The updates; their memory is the pass's until it has ended.</param>
    /// <exception cref="ArgumentException">A payload has another length. Nothing was added.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A weight is out of range. Nothing was added.</exception>
    public unsafe UpdatePass BeginPass(ReadOnlySpan<RetainedUpdate> updates)
    {
        _ = Live;
        var sources = new nint[updates.Length];
        double[] weights = new double[updates.Length];
        var carried = new ImmutableArray<int>[updates.Length];
        foreach (RetainedUpdate update in updates)
        {
            Check(update.Payload.Span, update.Weight, update.Sections);
        }

        var pins = new MemoryHandle[updates.Length];
        for (int i = 0; i < updates.Length; i++)
        {
            pins[i] = updates[i].Payload.Pin();
            sources[i] = (nint)pins[i].Pointer;
            weights[i] = updates[i].Weight;
            carried[i] = updates[i].Sections;
        }

        return new UpdatePass(this, InputsOf(sources, weights, carried), weights, pins);
    }

    /// <summary>Adds another accumulator of the same sections and consumes it.</summary>
    /// <param name="other">The other; must be cleared before it is used again.</param>
    /// <exception cref="ArgumentException">It has other sections, or is this one.</exception>
    public void MergeWith(UpdateAccumulator other)
    {
        Add(other);
        other._isConsumed = true;
    }

    /// <summary>Adds another accumulator of the same sections, which stays as it is.</summary>
    /// <param name="other">The other.</param>
    /// <exception cref="ArgumentException">It has other sections, or is this one.</exception>
    public void Add(UpdateAccumulator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _ = Live;
        _ = other.Live;
        if (ReferenceEquals(this, other))
        {
            throw new ArgumentException("An accumulator cannot be merged with itself.", nameof(other));
        }

        if (!Sections.AsSpan().SequenceEqual(other.Sections.AsSpan()))
        {
            throw new ArgumentException(
                $"Partial aggregates of different sections cannot be merged: [{string.Join(", ", Sections)}] and [{string.Join(", ", other.Sections)}].",
                nameof(other));
        }

        for (int i = 0; i < _sections.Length; i++)
        {
            _sections[i].Add(other._sections[i], _degree);
        }

        _totalWeight += other._totalWeight;
        _count += other._count;
    }

    /// <summary>Divides once and consumes the accumulator.</summary>
    /// <exception cref="InvalidOperationException"><see cref="CanReport"/> is false.</exception>
    public AggregateReport Report()
    {
        AggregateReport report = Preview();
        _isConsumed = true;
        return report;
    }

    /// <summary>Divides and keeps the sums, for a round that may be opened again.</summary>
    /// <exception cref="InvalidOperationException"><see cref="CanReport"/> is false.</exception>
    public AggregateReport Preview()
    {
        _ = Live;
        if (!CanReport)
        {
            throw new InvalidOperationException($"There is nothing to report: {_count} updates of total weight {_totalWeight}.");
        }

        return new AggregateReport([.. _sections.Select(section => section.Report(_degree))], _totalWeight, _count);
    }

    /// <summary>Takes back a report of this accumulator that nobody reads any more: its memory is used for the next one.</summary>
    /// <param name="report">The report; its values change from now on.</param>
    public void TakeBack(AggregateReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        for (int i = 0; i < _sections.Length; i++)
        {
            _sections[i].TakeBack(report.Sections[i]);
        }
    }

    /// <summary>Begins to hand out the partial aggregate for another node (layout in <see cref="PartialFormat"/>); the sums stay.</summary>
    public PartialWriter BeginWrite()
    {
        _ = Live;
        return new PartialWriter(_sections, _totalWeight, _count);
    }

    /// <summary>Begins to take a partial aggregate of the same sections.</summary>
    /// <exception cref="InvalidOperationException">The accumulator is not empty.</exception>
    public PartialReader BeginRead() => Live._count == 0
        ? new PartialReader(this, _sections)
        : throw new InvalidOperationException($"The accumulator has {_count} updates; a partial is read into an empty one.");

    /// <summary>Empties the accumulator, whatever it was used for; its memory is used again.</summary>
    public void Clear()
    {
        foreach (SectionAccumulator section in _sections)
        {
            section.Clear();
        }

        _totalWeight = 0;
        _count = 0;
        _isConsumed = false;
    }

    /// <summary>Notes updates whose values are in the sums.</summary>
    internal void Credit(long count, double weight)
    {
        _totalWeight += weight;
        _count += count;
    }

    private void Check(ReadOnlySpan<byte> payload, double weight, ImmutableArray<int> sections)
    {
        long bytes = 0;
        int previous = -1;
        foreach (int section in sections.IsDefault ? _all : sections)
        {
            if (section <= previous || section >= _sections.Length)
            {
                throw new ArgumentException($"The update claims section {section} after {previous}; there are {_sections.Length}, in ascending order.");
            }

            previous = section;
            bytes += BytesOf(Sections[section], payload, bytes);
        }

        if (payload.Length != bytes)
        {
            throw new ArgumentException($"The payload has {payload.Length} bytes; its sections have {bytes}.");
        }

        if (!double.IsFinite(weight) || weight < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "A weight is finite and at least 0.");
        }
    }

    private static long BytesOf(SectionShape section, ReadOnlySpan<byte> payload, long start)
    {
        if (section.Decoder is not { } decoder)
        {
            return section.Bytes;
        }

        return start + decoder.PrefixBytes <= payload.Length
            ? decoder.LengthOf(payload[(int)start..])
            : throw new ArgumentException($"The payload has {payload.Length} bytes; a section begins at {start}.");
    }

    private void Run(UpdatePass pass)
    {
        pass.Work(_degree);
        pass.End();
    }

    /// <summary>Where each section finds its bytes: an update's source moves on behind each section that it carries.</summary>
    private List<(SectionAccumulator Section, nint[] Sources, double[] Weights)> InputsOf(nint[] sources, double[] weights, ImmutableArray<int>[] carried)
    {
        var inputs = new List<(SectionAccumulator, nint[], double[])>(_sections.Length);
        bool isWhole = carried.All(sections => sections.IsDefault || sections.Length == _sections.Length);
        for (int s = 0; s < _sections.Length; s++)
        {
            int[] carriers = isWhole
                ? [.. Enumerable.Range(0, sources.Length)]
                : [.. Enumerable.Range(0, sources.Length).Where(i => carried[i].IsDefault || carried[i].BinarySearch(s) >= 0)];
            if (carriers.Length > 0)
            {
                inputs.Add((_sections[s], [.. carriers.Select(i => sources[i])], isWhole ? weights : [.. carriers.Select(i => weights[i])]));
            }

            foreach (int i in carriers)
            {
                sources[i] += (nint)_sections[s].BytesAt(sources[i]);
            }
        }

        return inputs;
    }
}
