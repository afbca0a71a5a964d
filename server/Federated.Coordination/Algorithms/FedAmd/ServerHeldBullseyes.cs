using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>The server keeps every client's bullseye, in float32 within a bound; their sum is kept along in float64, and made anew now and then.</summary>
internal sealed class ServerHeldBullseyes(int length, long maxBytes) : IBullseyes
{
    private const int RoundsBetweenExactSums = 100;

    private readonly BullseyeRounds _rounds = new();
    private readonly Dictionary<uint, float[]> _bullseyes = [];
    private readonly double[] _sum = new double[length];
    private int _sinceExact;

    public ImmutableArray<SectionRole> KeptSections => [SectionRole.Gradient];

    /// <summary>Bytes that so many bullseyes take.</summary>
    public static long BytesFor(long clients, long length) => checked(clients * length * sizeof(float));

    public int Count => _rounds.Count;

    public bool Has(uint client) => _rounds.Has(client);

    /// <exception cref="InvalidOperationException">The bound is too small for one more client.</exception>
    public void Take(int round, RoundAggregate aggregate, IReadOnlyList<IncludedClient> anchors)
    {
        foreach (IncludedClient anchor in anchors)
        {
            float[] bullseye = aggregate.KeptOf(anchor.Update.AssignmentId, SectionRole.Gradient);
            bool isKnown = _bullseyes.TryGetValue(anchor.ClientIndex, out float[]? old);
            if (!isKnown && BytesFor(_bullseyes.Count + 1L, length) > maxBytes)
            {
                throw new InvalidOperationException(
                    $"The bullseyes of {_bullseyes.Count + 1} clients need more than {maxBytes / (1 << 20)} MiB; raise cacheMegabytes or leave serverHeld out, which needs no cache.");
            }

            for (int i = 0; i < _sum.Length; i++)
            {
                _sum[i] += bullseye[i] - (double)(old is null ? 0 : old[i]);
            }

            _bullseyes[anchor.ClientIndex] = bullseye;
            _rounds.Set(anchor.ClientIndex, round);
        }

        if (++_sinceExact >= RoundsBetweenExactSums)
        {
            SumExactly();
        }
    }

    public void Mean(Span<float> mean)
    {
        for (int i = 0; i < _sum.Length; i++)
        {
            mean[i] = (float)(_sum[i] / Math.Max(1, _rounds.Count));
        }
    }

    public void Forget(ReadOnlySpan<int> coordinates)
    {
        foreach (int coordinate in coordinates)
        {
            _sum[coordinate] = 0;
            foreach (float[] bullseye in _bullseyes.Values)
            {
                bullseye[coordinate] = 0;
            }
        }
    }

    public void Save(AlgorithmState state)
    {
        _rounds.Save(state);
        state.Add<double>("sum", _sum);
        state.Add<int>("sinceExact", [_sinceExact]);
        state.Add<float>("bullseyes", [.. _rounds.Clients.SelectMany(client => _bullseyes[client])]);
    }

    public void Load(AlgorithmState state)
    {
        Clear();
        _rounds.Load(state);
        state.Read<double>("sum", _sum);
        _sinceExact = state.Read<int>("sinceExact")[0];
        float[] all = new float[_rounds.Count * length];
        state.Read<float>("bullseyes", all);
        int offset = 0;
        foreach (uint client in _rounds.Clients)
        {
            _bullseyes[client] = all.AsSpan(offset, length).ToArray();
            offset += length;
        }
    }

    public void Clear()
    {
        _rounds.Clear();
        _bullseyes.Clear();
        Array.Clear(_sum);
        _sinceExact = 0;
    }

    private void SumExactly()
    {
        Array.Clear(_sum);
        foreach (uint client in _rounds.Clients)
        {
            float[] bullseye = _bullseyes[client];
            for (int i = 0; i < _sum.Length; i++)
            {
                _sum[i] += bullseye[i];
            }
        }

        _sinceExact = 0;
    }
}
