using Federated.Aggregator.Journal;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>The rounds that an earlier process of the node has left in journal, pool and spool, until they are opened again or nobody wants them.</summary>
internal sealed class LeftoverRounds(NodeJournal journal, UpdateStore store, TimeProvider time)
{
    private static readonly TimeSpan OpenedWithin = TimeSpan.FromMinutes(1);

    private readonly long _started = time.GetTimestamp();

    public IEnumerable<RoundKey> Keys => journal.Recovered.Keys;

    /// <summary>What signs of life say of them; their writer is not known any more.</summary>
    public IEnumerable<HeldRound> Held => journal.Recovered.Values.Select(round => new HeldRound(round.Key, 0, round.Updates.Count));

    /// <summary>
    /// Whether an update of a round is to come again later: the coordinator, which opens the round again soon after the node's start, waits for it here. Asked before the round is
    /// looked for among the open ones.
    /// </summary>
    public bool MayBeOpened(RoundKey key)
    {
        if (time.GetElapsedTime(_started) > OpenedWithin)
        {
            return false;
        }

        foreach ((RoundKey left, _) in journal.Recovered)
        {
            if (left.TenantId == key.TenantId && left.JobId == key.JobId && left.Kind == key.Kind)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A round is among the open ones.</summary>
    public void Opened(RoundKey key) => journal.Recovered.TryRemove(key, out _);

    /// <summary>Puts what can still be read of a round into its ledger, and frees the rest.</summary>
    public ReopenedRound Recover(NodeRound round)
    {
        if (!journal.Recovered.TryGetValue(round.Plan.Key, out JournalledRound? left))
        {
            return ReopenedRound.Empty;
        }

        var recovered = new List<UpdateCommitted>();
        var lost = new List<string>();
        foreach (UpdateCommitted update in left.Updates.Values)
        {
            if (left.SchemaHash == round.Plan.SchemaHash && Fits(update, round.Plan) && store.Holds(update))
            {
                round.Updates.AddRecovered(update);
                recovered.Add(update);
            }
            else
            {
                store.Free(update);
                round.Updates.AddLost(update.AssignmentId);
                lost.Add(update.AssignmentId);
            }
        }

        return new ReopenedRound(recovered, lost);
    }

    /// <summary>Frees the slots of a round; false when no earlier process has left it.</summary>
    public bool TryFree(RoundKey key)
    {
        if (!journal.Recovered.TryRemove(key, out JournalledRound? left))
        {
            return false;
        }

        foreach (UpdateCommitted update in left.Updates.Values)
        {
            store.Free(update);
        }

        return true;
    }

    private static bool Fits(UpdateCommitted update, RoundPlan plan) =>
        plan.FormOf(update.Role) is { IsDefault: false } form
        && form.Sum(section => SectionSpecs.MostBytes(plan.Sections[section])) is var most
        && (form.Any(section => plan.Sections[section].Codec == SectionCodec.Frame) ? update.Length <= most : update.Length == most);
}
