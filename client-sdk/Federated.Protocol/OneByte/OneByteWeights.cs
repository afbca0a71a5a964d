using System.Collections.Immutable;
using Federated.Numerics.SharedRandomness;

namespace Federated.Protocol.OneByte;

/// <summary>The weights of one machine in one of the two arithmetics: what a record does to them, and what a loss is measured at.</summary>
internal abstract class OneByteWeights
{
    /// <summary>Most elements of a <see cref="Chunks"/>.</summary>
    protected const int Chunk = 1024;

    /// <summary>Before the directions of a round that has any.</summary>
    public virtual void BeginRound()
    {
    }

    /// <summary>A direction's part of a round.</summary>
    /// <param name="key">The direction.</param>
    /// <param name="coefficient">The integer coefficient.</param>
    public abstract void Move(DirectionKey key, long coefficient);

    /// <summary>After the directions of a round that has any.</summary>
    public virtual void EndRound()
    {
    }

    /// <summary>The weights as the model takes them.</summary>
    public abstract void CopyTo(Span<float> weights);

    /// <summary>The weights ± ε z, each rounded once to float32.</summary>
    public abstract void Perturb(DirectionKey key, double epsilon, Span<float> plus, Span<float> minus);

    /// <summary>What is hashed and compared: the weights and, behind them, the velocity.</summary>
    public abstract ReadOnlySpan<byte> State { get; }

    /// <summary>What a checkpoint holds.</summary>
    public virtual ReadOnlySpan<byte> Saved => State;

    /// <summary>Takes the place of what a checkpoint held; the length is right.</summary>
    public abstract void Restore(ReadOnlySpan<byte> saved);

    /// <summary>Calls an action for each tensor with its first element, its length and its first block.</summary>
    protected static void ForEach(ImmutableArray<int> tensors, NoiseKind noise, Action<int, int, uint> tensor)
    {
        uint block = 0;
        int start = 0;
        foreach (int elements in tensors)
        {
            tensor(start, elements, block);
            block = checked(block + SharedDirection.BlocksOf(noise, elements));
            start += elements;
        }
    }

    /// <summary>The tensors in chunks that lie in one of them, each with its first element, its length and its first block.</summary>
    protected static IEnumerable<(int Start, int Length, uint Block)> Chunks(ImmutableArray<int> tensors, NoiseKind noise)
    {
        int perBlock = SharedDirection.ElementsPerBlock(noise);
        uint block = 0;
        int start = 0;
        foreach (int elements in tensors)
        {
            for (int at = 0; at < elements; at += Chunk)
            {
                yield return (start + at, Math.Min(Chunk, elements - at), block + (uint)(at / perBlock));
            }

            block += SharedDirection.BlocksOf(noise, elements);
            start += elements;
        }
    }
}
