using Federated.Aggregator;
using Federated.Aggregator.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;

namespace Federated.Server.Rounds;

/// <summary>The aggregation tier of a server that embeds one node.</summary>
internal sealed class EmbeddedAggregationTier(AggregatorNode node) : IAggregationTier
{
    public async Task<RoundRecovery> OpenRoundAsync(RoundPlan plan, IUpdateSink sink, CancellationToken cancellationToken)
    {
        var reopened = await node.OpenRoundAsync(plan, sink.OnStored, cancellationToken);
        return new RoundRecovery(reopened.Recovered, reopened.Lost);
    }

    public string GatewayOf(RoundKey key, string assignmentId, int number)
    {
        return "";
    }

    public async Task<RoundAggregate> CloseRoundAsync(RoundKey key, CancellationToken cancellationToken)
    {
        var closed = await node.CloseRoundAsync(key, cancellationToken);
        return new RoundAggregate([.. closed.Sections.Select(Convert)], closed.Included);
    }

    public Task AbandonRoundAsync(RoundKey key, string reason, CancellationToken cancellationToken)
    {
        return node.AbandonRoundAsync(key, reason, cancellationToken);
    }

    public Task ForgetRoundAsync(RoundKey key, CancellationToken cancellationToken)
    {
        return node.ForgetRoundAsync(key, cancellationToken);
    }

    private static AggregatedSection Convert(SectionAggregate section)
    {
        return new AggregatedSection(section.Spec, section.Single, section.Wide, section.Divisor);
    }
}
