using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Federated.Protocol.Models;

namespace Federated.Protocol.OneByte;

/// <summary>
/// The tensors that a one-byte exchange moves: the trainable parameters of a model, in its order. Batch-norm statistics and frozen parameters are not among them.
/// </summary>
public sealed class OneByteManifest
{
    private readonly ImmutableArray<int> _starts;

    /// <summary>The manifest of a model.</summary>
    /// <param name="schema">The model.</param>
    /// <exception cref="ArgumentException">Nothing of the model is trainable.</exception>
    public OneByteManifest(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var starts = ImmutableArray.CreateBuilder<int>();
        var lengths = ImmutableArray.CreateBuilder<int>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(long)];
        int start = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            int elements = checked((int)tensor.ElementCount);
            if (tensor.Trainable)
            {
                starts.Add(start);
                lengths.Add(elements);
                byte[] name = Encoding.UTF8.GetBytes(tensor.Name);
                foreach (long value in (IEnumerable<long>)[name.Length, tensor.Shape.Length, .. tensor.Shape])
                {
                    BinaryPrimitives.WriteInt64LittleEndian(number, value);
                    hash.AppendData(number);
                }

                hash.AppendData(name);
            }

            start += elements;
        }

        _starts = starts.ToImmutable();
        Tensors = lengths.ToImmutable();
        Elements = Tensors.Sum();
        IsWhole = Elements == schema.ParameterCount;
        Hash = hash.GetHashAndReset();
        if (Elements == 0)
        {
            throw new ArgumentException("The model has no trainable parameters.", nameof(schema));
        }
    }

    /// <summary>Elements of each tensor.</summary>
    public ImmutableArray<int> Tensors { get; }

    /// <summary>Elements of all tensors: d.</summary>
    public int Elements { get; }

    /// <summary>Whether the tensors are all parameters of the model, so that both flat vectors are one.</summary>
    public bool IsWhole { get; }

    /// <summary>
    /// SHA-256 over, for each tensor: length of its name in bytes, number of its dimensions, the dimensions (8 bytes each, little-endian), its name in UTF-8.
    /// </summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>Copies the tensors out of a model's parameters.</summary>
    /// <param name="parameters">All parameters of the model.</param>
    /// <param name="weights">Overwritten; <see cref="Elements"/>.</param>
    public void Gather(ReadOnlySpan<float> parameters, Span<float> weights)
    {
        for (int i = 0, at = 0; i < Tensors.Length; at += Tensors[i], i++)
        {
            parameters.Slice(_starts[i], Tensors[i]).CopyTo(weights[at..]);
        }
    }

    /// <summary>Copies the tensors into a model's parameters; the frozen ones stay.</summary>
    /// <param name="weights"><see cref="Elements"/>.</param>
    /// <param name="parameters">All parameters of the model.</param>
    public void Scatter(ReadOnlySpan<float> weights, Span<float> parameters)
    {
        for (int i = 0, at = 0; i < Tensors.Length; at += Tensors[i], i++)
        {
            weights.Slice(at, Tensors[i]).CopyTo(parameters[_starts[i]..]);
        }
    }
}
