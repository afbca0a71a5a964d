using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>
/// The server keeps the clients' bullseyes, in float32 and of a bounded number of them; their sum is kept along in float64, and made anew now and then. Where one comes for which there is no room, the
/// oldest is forgotten: its client is one that was never seen, and an anchor the next time.
/// </summary>
internal sealed class ServerHeldBullseyes(int length, long mostClients) : IBullseyes
{
    private const int RoundsBetweenExactSums = 100;

    private readonly BullseyeRounds _rounds = new();
    private readonly Dictionary<uint, float[]> _bullseyes = [];
    private readonly double[] _sum = new double[length];
    private int _sinceExact;

    public ImmutableArray<SectionRole> KeptSections => [SectionRole.Gradient];

    public int Count => _rounds.Count;

    public bool Has(uint client) => _rounds.Has(client);

    /// <exception cref="InvalidOperationException">The anchors of this round alone are too many.</exception>
    public void Take(int round, RoundAggregate aggregate, IReadOnlyList<IncludedClient> anchors)
    {
        foreach (IncludedClient anchor in anchors)
        {
            float[] bullseye = aggregate.KeptOf(anchor.Update.AssignmentId, SectionRole.Gradient);
            if (!_bullseyes.TryGetValue(anchor.ClientIndex, out float[]? old) && _bullseyes.Count >= mostClients)
            {
                ForgetOldest(round, anchors.Count);
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
        float[] all = new float[_rounds.Count * length];
        int offset = 0;
        foreach (uint client in _rounds.Clients)
        {
            _bullseyes[client].CopyTo(all, offset);
            offset += length;
        }

        state.Add<float>("bullseyes", all);
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

    private void ForgetOldest(int round, int anchors)
    {
        if (_rounds.OldestBefore(round) is not { } oldest)
        {
            throw new InvalidOperationException(
                $"The bullseyes of {anchors} clients of one round are more than the {mostClients} for which there is room; raise cacheMegabytes or leave serverHeld out, which needs no cache.");
        }

        float[] bullseye = _bullseyes[oldest];
        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] -= bullseye[i];
        }

        _bullseyes.Remove(oldest);
        _rounds.Remove(oldest);
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
