using System.Buffers;
using System.Runtime.ExceptionServices;

namespace Federated.Aggregation.Accumulators;

/// <summary>
/// One pass of several updates into the same sums, cut into pieces of the parameter range. Any number of threads may work on it; each takes the next
/// piece, so that nobody waits for a slower one and nothing is merged. An element sees the updates in their order, whoever adds them:
/// results have the same bits for any number of threads.
/// </summary>
public sealed class UpdatePass
{
    private readonly UpdateAccumulator _target;
    private readonly (SectionAccumulator Section, nint[] Sources, double[] Weights, int FirstPiece)[] _sections;
    private readonly double[] _weights;
    private readonly MemoryHandle[] _pins;
    private Exception? _fault;
    private int _taken;
    private int _done;

    internal UpdatePass(UpdateAccumulator target, IEnumerable<(SectionAccumulator Section, nint[] Sources, double[] Weights)> sections, double[] weights, MemoryHandle[] pins)
    {
        _target = target;
        _weights = weights;
        _pins = pins;
        int pieces = 0;
        _sections = [.. sections.Select(input =>
        {
            int first = pieces;
            pieces += input.Section.Pieces;
            return (input.Section, input.Sources, input.Weights, first);
        })];

        // Updates of nothing but empty sections are a pass too: somebody ends it.
        Pieces = Math.Max(1, pieces);
    }

    /// <summary>Pieces of work: so many threads can be at it.</summary>
    public int Pieces { get; }

    /// <summary>Whether a thread that comes now finds a piece.</summary>
    public bool HasMore => Volatile.Read(ref _taken) < Pieces;

    /// <summary>Does pieces until none is left to begin.</summary>
    /// <param name="degree">Most cores that this call may use.</param>
    /// <returns>Whether it did the last one: true for exactly one call, which calls <see cref="End"/>.</returns>
    public bool Work(int degree = 1)
    {
        int workers = Math.Min(degree, Pieces);
        if (workers <= 1)
        {
            return WorkAlone();
        }

        bool isLast = false;
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, _ =>
        {
            if (WorkAlone())
            {
                Volatile.Write(ref isLast, true);
            }
        });
        return isLast;
    }

    /// <summary>Ends the pass: the updates are in the sums, and their memory is not needed any more.</summary>
    /// <exception cref="Exception">A piece had failed, with this exception; the sums are spoiled.</exception>
    public void End()
    {
        foreach (MemoryHandle pin in _pins)
        {
            pin.Dispose();
        }

        if (_fault is not null)
        {
            ExceptionDispatchInfo.Throw(_fault);
        }

        foreach ((SectionAccumulator section, _, double[] weights, _) in _sections)
        {
            section.Credit(weights.Length, weights.Sum());
        }

        _target.Credit(_weights.Length, _weights.Sum());
    }

    private bool WorkAlone()
    {
        bool isLast = false;
        int section = 0;
        for (int piece = Take(); piece < Pieces; piece = Take())
        {
            while (section + 1 < _sections.Length && _sections[section + 1].FirstPiece <= piece)
            {
                section++;
            }

            if (_sections.Length > 0)
            {
                Add(_sections[section], piece);
            }

            isLast = Interlocked.Increment(ref _done) == Pieces;
        }

        return isLast;
    }

    private void Add((SectionAccumulator Section, nint[] Sources, double[] Weights, int FirstPiece) input, int piece)
    {
        try
        {
            input.Section.AddPiece(piece - input.FirstPiece, input.Sources, input.Weights);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _fault, exception, null);
        }
    }

    private int Take() => HasMore ? Interlocked.Increment(ref _taken) - 1 : Pieces;
}
