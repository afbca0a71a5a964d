using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// Copies of the sections that a round under the mean hands over update by update: the slot of an update is free as soon as it is summed.
/// </summary>
internal sealed class SectionCopies
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string AssignmentId, SectionRole Role), KeptValues> _copies = [];

    /// <summary>Decodes and copies what an update has of them.</summary>
    public void Add(RoundPlan plan, LeafInput input)
    {
        KeptValues[] copies = [.. KeptSections.Of(plan, [(input.Update, new RetainedUpdate(input.Payload.Memory, input.Update.Weight, input.Sections))])];
        lock (_gate)
        {
            foreach (KeptValues copy in copies)
            {
                _copies[(copy.AssignmentId, copy.Role)] = copy;
            }
        }
    }

    /// <summary>All of them, in memory that is the receiver's.</summary>
    public IReadOnlyList<KeptValues> HandOver()
    {
        lock (_gate)
        {
            return [.. _copies.Values.Select(copy => copy with { Values = [.. copy.Values] })];
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _copies.Clear();
        }
    }
}
