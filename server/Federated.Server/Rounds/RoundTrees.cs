using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Rounds;

/// <summary>
/// The trees of rounds: every one is recorded in the database, beside the round's way and not in it, and those of open rounds can be
/// looked at live.
/// </summary>
internal sealed partial class RoundTrees(IDbContextFactory<ServerContext> contexts, TimeProvider time, ILogger<RoundTrees> logger) : BackgroundService
{
    private readonly Channel<RoundTreeRow> _records = Channel.CreateUnbounded<RoundTreeRow>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<RoundKey, OpenTree> _open = new();

    /// <summary>The round is open in a tree; nodes are looked at by <paramref name="view"/>.</summary>
    public void Opened(RoundKey key, TreePlan tree, Func<IReadOnlyList<NodeRoundView>> view)
    {
        _open[key] = new OpenTree(tree, view);
        Write(key, tree);
    }

    /// <summary>The round goes on in another tree.</summary>
    public void Record(RoundKey key, TreePlan tree)
    {
        if (_open.TryGetValue(key, out var open))
        {
            _open[key] = open with { Tree = tree };
        }

        Write(key, tree);
    }

    /// <summary>The round is over.</summary>
    public void Ended(RoundKey key)
    {
        _open.TryRemove(key, out _);
    }

    /// <summary>The tree of an open round; null when the round is not open.</summary>
    public OpenTree? Find(RoundKey key)
    {
        return _open.GetValueOrDefault(key);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _records.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Ends when the channel is complete: what was said before the end is written.
        await foreach (var row in _records.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await SaveAsync(row);
            }
            catch (Exception exception) when (exception is DbUpdateException or System.Data.Common.DbException)
            {
                LogNotRecorded(exception, row.JobId, row.Round);
            }
        }
    }

    private void Write(RoundKey key, TreePlan tree)
    {
        _records.Writer.TryWrite(new RoundTreeRow
        {
            TenantId = key.TenantId,
            JobId = key.JobId,
            Round = key.Round,
            Kind = key.Kind,
            Revision = tree.Revision,
            RecordedAt = time.GetUtcNow(),
            Plan = JsonSerializer.Serialize(tree, TierJson.Default.TreePlan),
        });
    }

    private async Task SaveAsync(RoundTreeRow row)
    {
        await using var context = await contexts.CreateDbContextAsync(CancellationToken.None);
        var known = await context.RoundTrees.FindAsync([row.TenantId, row.JobId, row.Round, row.Kind, row.Revision], CancellationToken.None);
        if (known is null)
        {
            context.RoundTrees.Add(row);
        }
        else
        {
            // A coordinator that took the round over has planned it again.
            (known.Plan, known.RecordedAt) = (row.Plan, row.RecordedAt);
        }

        await context.SaveChangesAsync(CancellationToken.None);
    }

    [LoggerMessage(2301, LogLevel.Error, "The tree of round {Round} of job {JobId} could not be recorded", EventName = "TreeNotRecorded")]
    private partial void LogNotRecorded(Exception exception, string jobId, int round);
}
