using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Numerics.SharedRandomness;

namespace Federated.Protocol.OneByte;

/// <summary>Mode F: float32 weights and, with momentum, a float32 velocity behind them. Every result is rounded once; nothing is fused.</summary>
internal sealed class CanonicalFloatWeights : OneByteWeights
{
    private readonly ImmutableArray<int> _tensors;
    private readonly NoiseKind _noise;
    private readonly int _fractionBits;
    private readonly float _momentum;
    private readonly float[] _state;
    private readonly int _elements;

    public CanonicalFloatWeights(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<float> weights)
    {
        _tensors = tensors;
        _noise = settings.Noise;
        _fractionBits = settings.FractionBits;
        _momentum = settings.Momentum / 65536f;
        _elements = weights.Length;
        _state = new float[_momentum == 0 ? _elements : 2 * _elements];
        weights.CopyTo(_state);
    }

    public override ReadOnlySpan<byte> State => MemoryMarshal.AsBytes(_state.AsSpan());

    private Span<float> Weights => _state.AsSpan(0, _elements);

    private Span<float> Velocity => _state.AsSpan(_elements);

    public override void BeginRound()
    {
        foreach (ref float velocity in Velocity)
        {
            velocity *= _momentum;
        }
    }

    public override void Move(DirectionKey key, long coefficient)
    {
        float step = CanonicalFloatUpdate.Coefficient(coefficient, SharedDirection.Denominator(_noise), _fractionBits);
        int offset = _momentum == 0 ? 0 : _elements;
        float signed = _momentum == 0 ? step : -step;
        ForEach(_tensors, _noise, (start, elements, block) =>
            CanonicalFloatUpdate.Apply(_state.AsSpan(offset + start, elements), _noise, key, block, signed));
    }

    public override void EndRound()
    {
        Span<float> weights = Weights;
        ReadOnlySpan<float> velocity = Velocity;
        for (int i = 0; i < velocity.Length; i++)
        {
            weights[i] -= velocity[i];
        }
    }

    public override void CopyTo(Span<float> weights) => Weights.CopyTo(weights);

    public override void Perturb(DirectionKey key, double epsilon, Span<float> plus, Span<float> minus)
    {
        float step = (float)epsilon;
        Span<float> direction = stackalloc float[Chunk];
        ReadOnlySpan<float> weights = Weights;
        foreach ((int start, int length, uint block) in Chunks(_tensors, _noise))
        {
            SharedDirection.Fill(_noise, key, block, direction[..length]);
            for (int i = 0, element = start; i < length; i++, element++)
            {
                float move = step * direction[i];
                plus[element] = weights[element] + move;
                minus[element] = weights[element] - move;
            }
        }
    }

    public override void Restore(ReadOnlySpan<byte> saved) => MemoryMarshal.Cast<byte, float>(saved).CopyTo(_state);
}
