using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>The clients keep their bullseyes and send changes; the server keeps the sum, in float64.</summary>
internal sealed class ClientHeldBullseyes(int length) : IBullseyes
{
    private readonly BullseyeRounds _rounds = new();
    private readonly double[] _sum = new double[length];

    public ImmutableArray<SectionRole> KeptSections => [];

    public int Count => _rounds.Count;

    public bool Has(uint client) => _rounds.Has(client);

    public void Take(int round, RoundAggregate aggregate, IReadOnlyList<IncludedClient> anchors)
    {
        if (aggregate.Find(SectionRole.Gradient) is not { } changes || aggregate.Find(SectionRole.Scalars) is not { Wide: [double whole] })
        {
            return;
        }

        if (whole > anchors.Count(anchor => !_rounds.Has(anchor.ClientIndex)))
        {
            Clear();
            return;
        }

        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] += changes.Single[i];
        }

        foreach (IncludedClient anchor in anchors)
        {
            _rounds.Set(anchor.ClientIndex, round);
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
        }
    }

    public void Save(AlgorithmState state)
    {
        _rounds.Save(state);
        state.Add<double>("sum", _sum);
    }

    public void Load(AlgorithmState state)
    {
        _rounds.Load(state);
        state.Read<double>("sum", _sum);
    }

    public void Clear()
    {
        _rounds.Clear();
        Array.Clear(_sum);
    }
}
