using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Numerics;
using Federated.Numerics.SharedRandomness;

namespace Federated.Protocol.OneByte;

/// <summary>
/// Integer weights whose directions come from a pool of K: the sums of their coefficients are a checkpoint of 8 K bytes, whatever the number of rounds and of weights.
/// </summary>
internal sealed class PooledWeights : OneByteWeights
{
    // No machine has this number, so a direction of the pool is nobody's own.
    private const uint Nobody = uint.MaxValue;

    private readonly OneByteSettings _settings;
    private readonly ImmutableArray<int> _tensors;
    private readonly (uint Key0, uint Key1) _key;
    private readonly long[] _first;
    private readonly long[] _sums;
    private FixedPointWeights _weights;

    public PooledWeights(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<long> master, (uint Key0, uint Key1) key)
    {
        _settings = settings;
        _tensors = tensors;
        _key = key;
        _first = master.ToArray();
        _sums = new long[settings.Pool];
        _weights = new FixedPointWeights(settings, tensors, master);
    }

    public FixedPointWeights Weights => _weights;

    public override ReadOnlySpan<byte> State => _weights.State;

    public override ReadOnlySpan<byte> Saved => MemoryMarshal.AsBytes(_sums.AsSpan());

    public override void Move(DirectionKey key, long coefficient)
    {
        DirectionKey pooled = Pooled(key);
        _sums[pooled.Round] = unchecked(_sums[pooled.Round] + coefficient);
        _weights.Move(pooled, coefficient);
    }

    public override void CopyTo(Span<float> weights) => _weights.CopyTo(weights);

    public override void Perturb(DirectionKey key, double epsilon, Span<float> plus, Span<float> minus) =>
        _weights.Perturb(Pooled(key), epsilon, plus, minus);

    public override void Restore(ReadOnlySpan<byte> saved)
    {
        MemoryMarshal.Cast<byte, long>(saved).CopyTo(_sums);
        _weights = new FixedPointWeights(_settings, _tensors, _first);
        for (uint k = 0; k < _sums.Length; k++)
        {
            if (_sums[k] != 0)
            {
                _weights.Move(new DirectionKey(_key.Key0, _key.Key1, k, Nobody), _sums[k]);
            }
        }
    }

    /// <summary>Which direction of the pool stands for a machine's own; everybody can tell without being told.</summary>
    private DirectionKey Pooled(DirectionKey key)
    {
        (uint word, _, _, _) = Philox4x32.Block(0, key.Stream(RandomPurpose.SeedPool), key.Round, key.Machine, key.Key0, key.Key1);
        return key with { Round = (uint)(((ulong)word * _settings.Pool) >> 32), Machine = Nobody, Sample = 0, Perturbation = 0 };
    }
}
