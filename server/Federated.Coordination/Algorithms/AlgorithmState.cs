using System.Collections.Immutable;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms;

/// <summary>
/// What an algorithm keeps from round to round, as named float32 vectors and named integers. Stored as a safetensors file, content-addressed
/// like a model; <see cref="Format"/> (such as <c>fedavg/1</c>) is its schema's architecture behind the prefix <c>state:</c>.
/// </summary>
public sealed class AlgorithmState
{
    private const string Prefix = "state:";

    private readonly List<KeyValuePair<string, float[]>> _vectors = [];
    private readonly List<KeyValuePair<string, long>> _numbers = [];

    /// <summary>Creates an empty state.</summary>
    /// <param name="format">Name of the algorithm and version of its layout.</param>
    public AlgorithmState(string format)
    {
        Format = format;
    }

    /// <summary>Name of the algorithm and version of its layout.</summary>
    public string Format { get; }

    /// <summary>Adds a vector; borrowed until the state is written.</summary>
    /// <param name="name">Unique among vectors and numbers.</param>
    /// <param name="values">The vector.</param>
    public AlgorithmState With(string name, float[] values)
    {
        _vectors.Add(KeyValuePair.Create(name, values));
        return this;
    }

    /// <summary>Adds a number.</summary>
    /// <param name="name">Unique among vectors and numbers.</param>
    /// <param name="value">The number.</param>
    public AlgorithmState With(string name, long value)
    {
        _numbers.Add(KeyValuePair.Create(name, value));
        return this;
    }

    /// <summary>Reads a vector.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">The length that it must have.</param>
    /// <exception cref="InvalidDataException">There is none of that name and length.</exception>
    public ReadOnlySpan<float> Vector(string name, int length)
    {
        foreach ((string key, float[] values) in _vectors)
        {
            if (key == name && values.Length == length)
            {
                return values;
            }
        }

        throw new InvalidDataException($"The state '{Format}' has no vector '{name}' of {length} elements.");
    }

    /// <summary>Reads a number.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public long Number(string name)
    {
        foreach ((string key, long value) in _numbers)
        {
            if (key == name)
            {
                return value;
            }
        }

        throw new InvalidDataException($"The state '{Format}' has no number '{name}'.");
    }

    /// <summary>The state as a file.</summary>
    public byte[] ToFile()
    {
        IEnumerable<TensorSpec> vectors = _vectors.Select(vector => new TensorSpec(vector.Key, [vector.Value.Length], Trainable: false));
        IEnumerable<TensorSpec> numbers = _numbers.Select(number => new TensorSpec(number.Key, [1L], TensorPart.Count, Trainable: false));
        ImmutableArray<TensorSpec> tensors = [.. vectors, .. numbers];
        var schema = new ModelSchema(tensors, architecture: Prefix + Format);
        float[] flat = new float[schema.ParameterCount];
        int offset = 0;
        foreach ((_, float[] values) in _vectors)
        {
            values.CopyTo(flat, offset);
            offset += values.Length;
        }

        return ModelFile.Write(new ModelContent(schema, flat, counts: [.. _numbers.Select(number => number.Value)]));
    }

    /// <summary>Reads a file.</summary>
    /// <param name="file">What <see cref="ToFile"/> wrote.</param>
    /// <exception cref="InvalidDataException">The bytes are not such a file.</exception>
    public static AlgorithmState Parse(ReadOnlySpan<byte> file)
    {
        ModelContent content = ModelFile.Read(file);
        string architecture = content.Schema.Architecture;
        if (!architecture.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"The file holds '{architecture}', not the state of an algorithm.");
        }

        var state = new AlgorithmState(architecture[Prefix.Length..]);
        int offset = 0, number = 0;
        foreach (TensorSpec tensor in content.Schema.Tensors)
        {
            if (tensor.Part == TensorPart.Count)
            {
                state.With(tensor.Name, content.Counts[number++]);
                continue;
            }

            int length = (int)tensor.ElementCount;
            state.With(tensor.Name, content.Parameters.AsSpan(offset, length).ToArray());
            offset += length;
        }

        return state;
    }
}
