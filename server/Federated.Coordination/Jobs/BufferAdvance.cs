using Federated.Coordination.Anarchic;
using Federated.Coordination.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>
/// Makes the next version of an asynchronous job from the updates of a closed buffer, in their order of arrival. Whether they are enough is the algorithm's word, as in the simulator:
/// where it refuses some, the buffer goes on.
/// </summary>
internal sealed class BufferAdvance(CoordinatedJob job)
{
    // The tier keeps what was refused until the version is made; so much of it that a buffer takes twice its room, and no more.
    private const int MostBuffers = 2;

    private readonly PulledModels _pulled = new(job.Services, job.Key);

    /// <summary>Makes the version; or none, and what the algorithm has taken is offered to it again.</summary>
    public async Task<BufferResult> RunAsync(RoundKey round, RoundAggregate aggregate, CancellationToken stop)
    {
        IAnarchicAlgorithm half = job.Model.Anarchic!;
        BufferOffers offers = await OfferAsync(half, round, aggregate, stop);
        bool mayGoOn = !half.CanAdvance && aggregate.Included.Count < MostBuffers * half.Goal;
        if (mayGoOn && job.Machine.TryRefill(aggregate.Included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal), offers, job.Now))
        {
            await job.LoadModelAsync(job.Model.Record, stop);
            job.RenewBufferTerms(round);
            return new BufferResult(null, GoesOn: true);
        }

        if (!half.CanAdvance && !half.CanFlush)
        {
            await job.LoadModelAsync(job.Model.Record, stop);
            return new BufferResult(null, GoesOn: false);
        }

        AdvanceResult result = half.Advance(job.Model.Content);
        return new BufferResult(
            new BufferOutcome(result.Counted.Select(counted => counted.Id).ToHashSet(StringComparer.Ordinal), offers.Refused, result.StepNorm), GoesOn: false);
    }

    private async Task<BufferOffers> OfferAsync(IAnarchicAlgorithm half, RoundKey round, RoundAggregate aggregate, CancellationToken stop)
    {
        var refused = new Dictionary<string, string>(StringComparer.Ordinal);
        string? first = null;
        TakeLeave(half, aggregate);
        ILookup<string, KeptSection> sections = aggregate.Kept.ToLookup(kept => kept.AssignmentId, StringComparer.Ordinal);
        foreach (UpdateCommitted update in aggregate.Included)
        {
            // One that is not waited for is in a version already, or was refused before. A full buffer leaves the rest to the next.
            if (half.CanAdvance || job.Machine.Find(update.AssignmentId) is not { State: not AssignmentState.Refused } assignment)
            {
                continue;
            }

            bool needsPulled = assignment.Round != round.Round && (half.NeedsPulledModel || half.NeedsPulledMask(assignment.Role));
            ModelContent pulled = needsPulled ? await _pulled.OfAsync(assignment.Round, stop) : job.Model.Content;
            ArrivalVerdict verdict = Offer(half, round, assignment, update, sections[update.AssignmentId], pulled);
            if (verdict != ArrivalVerdict.Buffered)
            {
                refused[update.AssignmentId] = ArrivalReasons.Of(verdict);
            }
            else if (half.Buffered == 1)
            {
                first = update.AssignmentId;
            }
        }

        foreach (string id in half.Discarded)
        {
            refused[id] = ArrivalReasons.Of(ArrivalVerdict.Superseded);
        }

        return new BufferOffers(refused, first);
    }

    /// <summary>Who has left for good is forgotten with this version; with the next, where the device's last update is in this buffer.</summary>
    private void TakeLeave(IAnarchicAlgorithm half, RoundAggregate aggregate)
    {
        HashSet<uint> senders = [.. aggregate.Included.Select(update => job.Machine.Find(update.AssignmentId)).OfType<Assignment>().Select(assignment => assignment.ClientIndex)];
        foreach (uint gone in job.Left.Except(senders))
        {
            half.Leave(gone);
        }
    }

    private static ArrivalVerdict Offer(
        IAnarchicAlgorithm half, RoundKey round, Assignment assignment, UpdateCommitted update, IEnumerable<KeptSection> sections, ModelContent pulled)
    {
        float[] Section(SectionRole role) => sections.FirstOrDefault(section => section.Role == role)?.Values ?? [];

        // Every round since the ticket was made has made one version: an abandoned one would have voided the ticket.
        return half.Offer(new AnarchicUpdate
        {
            Id = update.AssignmentId,
            ClientIndex = assignment.ClientIndex,
            PulledVersion = half.Version - (round.Round - assignment.Round),
            Steps = update.LocalSteps,
            Examples = update.Weight,
            Delta = Section(SectionRole.Delta),
            Statistics = Section(SectionRole.BnStatistics),
            Role = assignment.Role,
            PulledMask = pulled.Mask,
            Gradients = Section(SectionRole.TopK),
            PulledParameters = half.NeedsPulledModel ? pulled.Parameters : [],
        });
    }
}
