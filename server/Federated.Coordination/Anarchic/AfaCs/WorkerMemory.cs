using System.Runtime.InteropServices;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Anarchic.AfaCs;

/// <summary>
/// The last normalised update of every worker, float32, and the sum of them, float64, so that a version costs as many vectors as it has updates and not as there are workers.
/// </summary>
internal sealed class WorkerMemory(int length)
{
    private int _length = length;
    private readonly SortedDictionary<uint, (float[] Vector, long PulledVersion)> _entries = [];
    private double[] _sum = new double[length];

    public int Count => _entries.Count;

    /// <summary>Over all workers.</summary>
    public ReadOnlySpan<double> Sum => _sum;

    public bool Has(uint client) => _entries.ContainsKey(client);

    /// <summary>The version that a worker's entry started from; -1 when there is none.</summary>
    public long PulledVersionOf(uint client) => _entries.TryGetValue(client, out (float[], long PulledVersion) entry) ? entry.PulledVersion : -1;

    /// <summary>Puts a worker's vector in and takes it over.</summary>
    /// <returns>The vector that it had; null when there was none.</returns>
    public float[]? Put(uint client, float[] vector, long pulledVersion)
    {
        float[]? former = _entries.TryGetValue(client, out (float[] Vector, long) entry) ? entry.Vector : null;
        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] += (double)vector[i] - (former is null ? 0 : former[i]);
        }

        _entries[client] = (vector, pulledVersion);
        return former;
    }

    /// <summary>Takes a worker out; false when it is not in.</summary>
    public bool Evict(uint client)
    {
        if (!_entries.Remove(client, out (float[] Vector, long) entry))
        {
            return false;
        }

        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] -= entry.Vector[i];
        }

        return true;
    }

    /// <summary>The sum over all workers, divided.</summary>
    public void Mean(double divisor, Span<float> destination)
    {
        for (int i = 0; i < _sum.Length; i++)
        {
            destination[i] = (float)(_sum[i] / divisor);
        }
    }

    public void Clear() => Clear(_length);

    /// <summary>Forgets everything; vectors have this length from now on.</summary>
    public void Clear(int elements)
    {
        _entries.Clear();
        _length = elements;
        _sum = new double[elements];
    }

    /// <summary>Carries every entry and their sum to another mask. What is dropped leaves both, what is grown is zero in both, so the sum stays that of the entries.</summary>
    public void Remap(MaskRemap remap)
    {
        foreach (uint client in (uint[])[.. _entries.Keys])
        {
            (float[] vector, long pulled) = _entries[client];
            _entries[client] = (remap.Map<float>(vector), pulled);
        }

        _sum = remap.Map<double>(_sum);
        _length = remap.ToCount;
    }

    public void Save(AlgorithmState state)
    {
        byte[] vectors = new byte[checked((long)_entries.Count * _length * sizeof(float))];
        Span<byte> rest = vectors;
        foreach ((float[] vector, _) in _entries.Values)
        {
            MemoryMarshal.AsBytes(vector.AsSpan()).CopyTo(rest);
            rest = rest[(_length * sizeof(float))..];
        }

        state.Add<uint>("workers", [.. _entries.Keys]);
        state.Add<long>("pulled", [.. _entries.Values.Select(entry => entry.PulledVersion)]);
        state.Add<byte>("memory", vectors);
        state.Add<double>("sum", _sum);
    }

    /// <exception cref="InvalidDataException">The parts do not fit each other or the model.</exception>
    public void Load(AlgorithmState state)
    {
        Clear();
        uint[] workers = state.Read<uint>("workers");
        long[] pulled = new long[workers.Length];
        state.Read<long>("pulled", pulled);
        ReadOnlySpan<byte> rest = state.Bytes("memory");
        if (rest.Length != (long)workers.Length * _length * sizeof(float))
        {
            throw new InvalidDataException($"The memory of {workers.Length} workers has {rest.Length} bytes; this job needs {(long)workers.Length * _length * sizeof(float)}.");
        }

        for (int i = 0; i < workers.Length; i++)
        {
            var vector = new float[_length];
            rest[..(_length * sizeof(float))].CopyTo(MemoryMarshal.AsBytes(vector.AsSpan()));
            rest = rest[(_length * sizeof(float))..];
            _entries.Add(workers[i], (vector, pulled[i]));
        }

        state.Read<double>("sum", _sum);
    }
}
