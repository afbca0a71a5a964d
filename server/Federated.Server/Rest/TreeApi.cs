using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Federated.Server.Administration;
using Federated.Server.Database;
using Federated.Server.Rest.Contracts;
using Federated.Server.Rounds;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Rest;

/// <summary>The aggregation trees of rounds: as they were planned, and live.</summary>
internal static class TreeApi
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMinutes(1);

    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/rounds/{round:int}/tree", ReadAsync)
            .WithSummary("Reads the aggregation tree of a round in all its revisions.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/rounds/{round:int}/tree/live", Watch)
            .WithSummary("Streams the tree of an open round as server-sent events, until the round is over.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<RoundTreeView>, ProblemHttpResult>> ReadAsync(
        string jobId, int round, [FromQuery] RoundKindQuery? kind, ServerContext context, CancellationToken cancellationToken)
    {
        var wanted = kind?.Kind ?? TaskKind.Train;
        var rows = await context.RoundTrees.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.JobId == jobId && row.Round == round && row.Kind == wanted)
            .OrderBy(row => row.Revision)
            .ToListAsync(cancellationToken);
        if (rows.Count == 0)
        {
            return Problems.NotFound($"tree of the job '{jobId}' for the round", round);
        }

        return TypedResults.Ok(new RoundTreeView(
            round, wanted,
            rows.ConvertAll(row => TreeRevisionView.Of(JsonSerializer.Deserialize(row.Plan, TierJson.Default.TreePlan)!, row.RecordedAt))));
    }

    private static Results<ServerSentEventsResult<LiveTreeView>, ProblemHttpResult> Watch(
        string jobId, int round, [FromQuery] RoundKindQuery? kind, [FromQuery] int? intervalMilliseconds, RoundTrees trees, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var key = new RoundKey(Tenants.Default, jobId, round, kind?.Kind ?? TaskKind.Train);
        if (trees.Find(key) is null)
        {
            return Problems.NotFound($"open round of the job '{jobId}' with the number", round);
        }

        var interval = TimeSpan.FromMilliseconds(Math.Clamp(
            intervalMilliseconds ?? 500, ShortestInterval.TotalMilliseconds, LongestInterval.TotalMilliseconds));
        return TypedResults.ServerSentEvents(LookAsync(key, interval, trees, time, cancellationToken));
    }

    private static async IAsyncEnumerable<SseItem<LiveTreeView>> LookAsync(
        RoundKey key, TimeSpan interval, RoundTrees trees, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        OpenTree? last = null;
        while (trees.Find(key) is { } open)
        {
            last = open;
            yield return new SseItem<LiveTreeView>(LiveTreeView.Of(key, open), "tree");
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        if (last is not null)
        {
            yield return new SseItem<LiveTreeView>(LiveTreeView.Of(key, last with { View = () => [] }), "over");
        }
    }
}
