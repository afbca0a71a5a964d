using System.Numerics.Tensors;
using Federated.Protocol.Codecs;

namespace Federated.Client.Compression;

/// <summary>
/// What a client remembers of what its compressor left out, and how (EF14: Seide et al. 2014; EF21: Richtárik et al. 2021; EF21-SGDM: Fatkhullin et al. 2023;
/// EControl: Gao et al. 2024, arXiv:2311.05645). The memory is one vector after another: e; h; h and v; e and h.
/// </summary>
internal sealed class ErrorFeedback
{
    private readonly FeedbackKind _kind;
    private readonly int _length;
    private readonly float _eta;
    private readonly float _momentum;

    public ErrorFeedback(FeedbackKind kind, int length, double eta, double momentum)
    {
        _kind = kind;
        _length = length;
        _eta = (float)eta;
        _momentum = (float)momentum;
    }

    /// <summary>Floats that are remembered.</summary>
    public int StateLength => _kind switch
    {
        FeedbackKind.None => 0,
        FeedbackKind.Classical or FeedbackKind.Ef21 => _length,
        _ => checked(2 * _length),
    };

    /// <summary>What is to be compressed.</summary>
    /// <param name="g">The local difference.</param>
    /// <param name="state">What is remembered; empty at the start, which means zeros and, for v, g.</param>
    /// <param name="target">Receives it.</param>
    /// <returns>Its squared L2 norm; not finite when one of its values is not.</returns>
    public double Target(ReadOnlySpan<float> g, ReadOnlySpan<float> state, Span<float> target)
    {
        if (state.IsEmpty || _kind == FeedbackKind.None)
        {
            g.CopyTo(target);
            return SquareSums.Of(target);
        }

        ReadOnlySpan<float> first = state[.._length];
        ReadOnlySpan<float> second = state[_length..];
        switch (_kind)
        {
            case FeedbackKind.Classical:
                TensorPrimitives.Add(first, g, target);
                break;
            case FeedbackKind.Ef21:
                TensorPrimitives.Subtract(g, first, target);
                break;
            case FeedbackKind.Ef21Momentum:
                Blend(g, second, target);
                TensorPrimitives.Subtract(target, first, target);
                break;
            default:
                return EControlPasses.Target(g, first, second, _eta, target);
        }

        return SquareSums.Of(target);
    }

    /// <summary>What is remembered once the update is counted. e is kept at full strength; η works inside the compressor alone.</summary>
    /// <param name="g">The local difference.</param>
    /// <param name="state">What is remembered; empty at the start.</param>
    /// <param name="target">What was compressed.</param>
    /// <param name="sent">What the receiver decodes.</param>
    /// <param name="next">Receives the memory.</param>
    public FeedbackSums Next(ReadOnlySpan<float> g, ReadOnlySpan<float> state, ReadOnlySpan<float> target, ReadOnlySpan<float> sent, Span<float> next)
    {
        if (state.IsEmpty)
        {
            next.Clear();
            state = next;
        }

        if (_kind == FeedbackKind.EControl)
        {
            return EControlPasses.Next(g, state[.._length], state[_length..], target, sent, next[.._length], next[_length..]);
        }

        if (_kind == FeedbackKind.None)
        {
            return new FeedbackSums(SquareSums.OfDifference(target, sent), 0, true);
        }

        Span<float> first = next[.._length];
        switch (_kind)
        {
            case FeedbackKind.Classical:
                TensorPrimitives.Add(state[.._length], g, first);
                TensorPrimitives.Subtract(first, sent, first);
                break;
            case FeedbackKind.Ef21:
                TensorPrimitives.Add(state[.._length], sent, first);
                break;
            default:
                NextMomentum(g, state, sent, next);
                break;
        }

        double owed = _kind == FeedbackKind.Classical ? SquareSums.Of(first) : SquareSums.OfDifference(g, first);
        return new FeedbackSums(SquareSums.OfDifference(target, sent), owed, TensorPrimitives.IsFiniteAll<float>(next));
    }

    private void NextMomentum(ReadOnlySpan<float> g, ReadOnlySpan<float> state, ReadOnlySpan<float> sent, Span<float> next)
    {
        bool isFirst = state == next;
        TensorPrimitives.Add(state[.._length], sent, next[.._length]);
        if (isFirst)
        {
            g.CopyTo(next[_length..]);
        }
        else
        {
            Blend(g, state[_length..], next[_length..]);
        }
    }

    /// <summary>(1 − b) v + b g.</summary>
    private void Blend(ReadOnlySpan<float> g, ReadOnlySpan<float> v, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = v[i] + (_momentum * (g[i] - v[i]));
        }
    }
}
