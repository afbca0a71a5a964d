namespace Federated.Protocol.Pruning;

/// <summary>
/// Carries packed vectors from one mask of a model to another, by index: coordinates that both have keep their value, those that the other mask lacks are left out, and those that it has in addition are
/// zero. Parameters that are not prunable are in both. Immutable; safe for several threads.
/// </summary>
public sealed class MaskRemap
{
    private readonly Run[] _runs;

    private MaskRemap(int fromCount, int toCount, long fromEpoch, long toEpoch, Run[] runs)
    {
        FromCount = fromCount;
        ToCount = toCount;
        FromEpoch = fromEpoch;
        ToEpoch = toEpoch;
        _runs = runs;
    }

    /// <summary>Elements of a packed vector under the mask to start from.</summary>
    public int FromCount { get; }

    /// <summary>Elements of a packed vector under the mask to come to.</summary>
    public int ToCount { get; }

    /// <summary>Epoch of the mask to start from.</summary>
    public long FromEpoch { get; }

    /// <summary>Epoch of the mask to come to.</summary>
    public long ToEpoch { get; }

    /// <summary>Elements that both masks have.</summary>
    public int SharedCount => _runs.Sum(run => run.Length);

    /// <summary>Finds the way between two masks of one model, whichever is the older.</summary>
    /// <param name="from">The mask to start from.</param>
    /// <param name="to">The mask to come to.</param>
    /// <exception cref="ArgumentException">The masks are of different models.</exception>
    public static MaskRemap Between(ModelMask from, ModelMask to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        if (from.ParameterCount != to.ParameterCount || !from.Layers.AsSpan().SequenceEqual(to.Layers.AsSpan()))
        {
            throw new ArgumentException("The masks are of different models.", nameof(to));
        }

        var runs = new List<Run>();
        int start = 0, fromAt = 0, toAt = 0;
        for (int l = 0; l < from.Layers.Length; l++)
        {
            PrunableLayer layer = from.Layers[l];
            Add(runs, fromAt, toAt, layer.Start - start);
            fromAt += layer.Start - start;
            toAt += layer.Start - start;
            AddShared(runs, from.Active(l), to.Active(l), fromAt, toAt);
            fromAt += from.CountOf(l);
            toAt += to.CountOf(l);
            start = layer.Start + layer.Count;
        }

        Add(runs, fromAt, toAt, from.ParameterCount - start);
        return new MaskRemap(from.PackedCount, to.PackedCount, from.Epoch, to.Epoch, [.. runs]);
    }

    /// <summary>Writes the vector under the other mask; what has been grown is zero.</summary>
    /// <param name="from"><see cref="FromCount"/> elements.</param>
    /// <param name="to">Receives <see cref="ToCount"/> elements; apart from <paramref name="from"/>.</param>
    /// <exception cref="ArgumentException">A vector has another length.</exception>
    public void Apply<T>(ReadOnlySpan<T> from, Span<T> to)
        where T : unmanaged
    {
        CheckLengths(from.Length, to.Length);
        to.Clear();
        Overlay(from, to);
    }

    /// <summary>Writes the elements that both masks have; what has been grown stays as it is.</summary>
    /// <param name="from"><see cref="FromCount"/> elements.</param>
    /// <param name="to"><see cref="ToCount"/> elements; apart from <paramref name="from"/>.</param>
    /// <exception cref="ArgumentException">A vector has another length.</exception>
    public void Overlay<T>(ReadOnlySpan<T> from, Span<T> to)
        where T : unmanaged
    {
        CheckLengths(from.Length, to.Length);
        foreach (Run run in _runs)
        {
            from.Slice(run.From, run.Length).CopyTo(to[run.To..]);
        }
    }

    /// <summary>The vector under the other mask, in memory of its own.</summary>
    /// <param name="from"><see cref="FromCount"/> elements.</param>
    /// <exception cref="ArgumentException">The vector has another length.</exception>
    public T[] Map<T>(ReadOnlySpan<T> from)
        where T : unmanaged
    {
        var to = new T[ToCount];
        Apply(from, to);
        return to;
    }

    private static void AddShared(List<Run> runs, ReadOnlySpan<int> from, ReadOnlySpan<int> to, int fromAt, int toAt)
    {
        int i = 0, j = 0;
        while (i < from.Length && j < to.Length)
        {
            int order = from[i].CompareTo(to[j]);
            if (order == 0)
            {
                Add(runs, fromAt + i, toAt + j, 1);
            }

            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
    }

    /// <summary>Adds a run; one that goes on where the last one ends makes it longer.</summary>
    private static void Add(List<Run> runs, int from, int to, int length)
    {
        if (length == 0)
        {
            return;
        }

        if (runs.Count > 0 && runs[^1] is var last && last.From + last.Length == from && last.To + last.Length == to)
        {
            runs[^1] = last with { Length = last.Length + length };
        }
        else
        {
            runs.Add(new Run(from, to, length));
        }
    }

    private void CheckLengths(int from, int to)
    {
        if (from != FromCount || to != ToCount)
        {
            throw new ArgumentException($"The masks ask for {FromCount} and {ToCount} elements, the vectors have {from} and {to}.");
        }
    }

    private readonly record struct Run(int From, int To, int Length);
}
