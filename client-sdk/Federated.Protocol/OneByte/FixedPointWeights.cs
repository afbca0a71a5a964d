using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Numerics.SharedRandomness;

namespace Federated.Protocol.OneByte;

/// <summary>Mode I: integers θ · 2^q and, with momentum, an integer velocity behind them. All sums wrap around, like every machine's.</summary>
internal sealed class FixedPointWeights : OneByteWeights
{
    private readonly ImmutableArray<int> _tensors;
    private readonly NoiseKind _noise;
    private readonly double _unit;
    private readonly ushort _momentum;
    private readonly long[] _state;
    private readonly int _elements;

    public FixedPointWeights(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<long> master)
    {
        _tensors = tensors;
        _noise = settings.Noise;
        _unit = Math.ScaleB(1, -settings.FractionBits);
        _momentum = settings.Momentum;
        _elements = master.Length;
        _state = new long[_momentum == 0 ? _elements : 2 * _elements];
        master.CopyTo(_state);
    }

    public Span<long> Master => _state.AsSpan(0, _elements);

    public override ReadOnlySpan<byte> State => MemoryMarshal.AsBytes(_state.AsSpan());

    private Span<long> Velocity => _state.AsSpan(_elements);

    /// <summary>θ · 2^q of float weights, halves to even.</summary>
    public static long[] Of(ReadOnlySpan<float> weights, int fractionBits)
    {
        long[] master = new long[weights.Length];
        for (int i = 0; i < master.Length; i++)
        {
            master[i] = checked((long)Math.Round(Math.ScaleB((double)weights[i], fractionBits)));
        }

        return master;
    }

    public override void BeginRound()
    {
        // Towards zero, so that a velocity without directions dies out.
        foreach (ref long velocity in Velocity)
        {
            velocity = unchecked(velocity * _momentum) / 65536;
        }
    }

    public override void Move(DirectionKey key, long coefficient)
    {
        // The kernel subtracts: from the weights as it is, from the velocity with the sign turned.
        int offset = _momentum == 0 ? 0 : _elements;
        long signed = _momentum == 0 ? coefficient : -coefficient;
        ForEach(_tensors, _noise, (start, elements, block) =>
            FixedPointUpdate.Apply(_state.AsSpan(offset + start, elements), _noise, key, block, signed));
    }

    public override void EndRound()
    {
        Span<long> master = Master;
        ReadOnlySpan<long> velocity = Velocity;
        for (int i = 0; i < velocity.Length; i++)
        {
            master[i] = unchecked(master[i] - velocity[i]);
        }
    }

    public override void CopyTo(Span<float> weights)
    {
        ReadOnlySpan<long> master = Master;
        for (int i = 0; i < master.Length; i++)
        {
            weights[i] = (float)(master[i] * _unit);
        }
    }

    public override void Perturb(DirectionKey key, double epsilon, Span<float> plus, Span<float> minus)
    {
        double step = epsilon / SharedDirection.Denominator(_noise);
        Span<sbyte> direction = stackalloc sbyte[Chunk];
        ReadOnlySpan<long> master = Master;
        foreach ((int start, int length, uint block) in Chunks(_tensors, _noise))
        {
            SharedDirection.Fill(_noise, key, block, direction[..length]);
            for (int i = 0, element = start; i < length; i++, element++)
            {
                double weight = master[element] * _unit, move = step * direction[i];
                plus[element] = (float)(weight + move);
                minus[element] = (float)(weight - move);
            }
        }
    }

    public override void Restore(ReadOnlySpan<byte> saved) => MemoryMarshal.Cast<byte, long>(saved).CopyTo(_state);
}
