using Federated.Aggregator;
using Federated.Aggregator.Rounds;
using Federated.Coordination.Persistence;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;

namespace Federated.Server.Rounds;

/// <summary>The aggregation tier of a server that embeds one node.</summary>
internal sealed class EmbeddedAggregationTier(AggregatorNode node, EmbeddedPlanner planner, RoundTrees trees) : IAggregationTier
{
    public bool HandsOverBesideTheMean => true;

    public async Task<RoundRecovery> OpenRoundAsync(RoundPlan plan, IUpdateSink sink, CancellationToken cancellationToken)
    {
        var tree = planner.Plan(plan);
        var reopened = await node.OpenRoundAsync(plan, tree, sink.OnStored, sink.Wants, cancellationToken);
        planner.Opened(plan, tree);
        trees.Opened(plan.Key, tree, () => node.View(plan.Key) is { } view ? [view] : []);
        return new RoundRecovery(reopened.Recovered, reopened.Lost);
    }

    public string GatewayOf(RoundKey key, string assignmentId, int number)
    {
        return "";
    }

    public async Task<RoundAggregate> CloseRoundAsync(RoundKey key, CancellationToken cancellationToken)
    {
        planner.Closed(key);
        var closed = await node.CloseRoundAsync(key, cancellationToken);
        return new RoundAggregate([.. closed.Sections.Select(Convert)], closed.Included)
        {
            Scores = closed.Scores,
            Kept = [.. closed.Kept.Concat(node.HandOver(key)).Select(kept => new KeptSection(kept.AssignmentId, kept.Role, kept.Values))],
        };
    }

    public Task AbandonRoundAsync(RoundKey key, string reason, CancellationToken cancellationToken)
    {
        End(key);
        return node.AbandonRoundAsync(key, reason, cancellationToken);
    }

    public Task ForgetRoundAsync(RoundKey key, CancellationToken cancellationToken)
    {
        End(key);
        return node.ForgetRoundAsync(key, cancellationToken);
    }

    public Task ForgetEndedJobsAsync(IReadOnlySet<JobKey> active, CancellationToken cancellationToken)
    {
        return node.EndLeftoversAsync(key => !active.Contains(new JobKey(key.TenantId, key.JobId)), cancellationToken);
    }

    private void End(RoundKey key)
    {
        planner.Closed(key);
        trees.Ended(key);
    }

    private static AggregatedSection Convert(SectionAggregate section)
    {
        return new AggregatedSection(section.Spec, section.Single, section.Wide, section.Divisor);
    }
}
