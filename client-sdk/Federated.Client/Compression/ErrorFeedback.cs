using System.Numerics;
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
    public void Target(ReadOnlySpan<float> g, ReadOnlySpan<float> state, Span<float> target)
    {
        if (state.IsEmpty || _kind == FeedbackKind.None)
        {
            g.CopyTo(target);
            return;
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
                TensorPrimitives.Subtract(g, second, target);
                TensorPrimitives.MultiplyAdd(first, _eta, target, target);
                break;
        }
    }

    /// <summary>What is remembered once the update is counted. e is kept at full strength; η works inside the compressor alone.</summary>
    /// <param name="g">The local difference.</param>
    /// <param name="state">What is remembered; empty at the start.</param>
    /// <param name="sent">What the receiver decodes.</param>
    /// <param name="next">Receives the memory.</param>
    public void Next(ReadOnlySpan<float> g, ReadOnlySpan<float> state, ReadOnlySpan<float> sent, Span<float> next)
    {
        Span<float> first = next[..Math.Min(_length, next.Length)];
        Span<float> second = next[first.Length..];
        if (state.IsEmpty)
        {
            next.Clear();
        }
        else
        {
            state.CopyTo(next);
        }

        switch (_kind)
        {
            case FeedbackKind.None:
                break;
            case FeedbackKind.Classical:
                TensorPrimitives.Add(first, g, first);
                TensorPrimitives.Subtract(first, sent, first);
                break;
            case FeedbackKind.Ef21:
                TensorPrimitives.Add(first, sent, first);
                break;
            case FeedbackKind.Ef21Momentum:
                TensorPrimitives.Add(first, sent, first);
                if (state.IsEmpty)
                {
                    g.CopyTo(second);
                }
                else
                {
                    Blend(g, second, second);
                }

                break;
            default:
                // e + g − h − Δ = e + (g − h'), with the h' that is kept: what e holds is exactly what h lacks.
                TensorPrimitives.Add(second, sent, second);
                AddDifference(g, second, first);

                break;
        }
    }

    /// <summary>L2 norm of e; of what h lacks for the kinds without e.</summary>
    /// <param name="g">The local difference.</param>
    /// <param name="next">The memory after this update.</param>
    public double ErrorNorm(ReadOnlySpan<float> g, ReadOnlySpan<float> next) => _kind switch
    {
        FeedbackKind.None => 0,
        FeedbackKind.Classical or FeedbackKind.EControl => TensorPrimitives.Norm(next[.._length]),
        _ => TensorPrimitives.Distance(g, next[.._length]),
    };

    /// <summary><c>e ← e + (g − h)</c>.</summary>
    private static void AddDifference(ReadOnlySpan<float> g, ReadOnlySpan<float> h, Span<float> e)
    {
        int i = 0;
        for (; i <= e.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(e[i..]) + (new Vector<float>(g[i..]) - new Vector<float>(h[i..]))).CopyTo(e[i..]);
        }

        for (; i < e.Length; i++)
        {
            e[i] += g[i] - h[i];
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
