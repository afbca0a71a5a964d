using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Exchange;

/// <summary>A node's own updates of a round, by their ids, and their values section by section, each decoded once.</summary>
internal sealed class OwnUpdates(RoundPlan round, RetainedAggregation sections)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, ReadOnlyMemory<float>[]> _values = [];
    private RetainedUpdate[] _payloads = [];

    /// <summary>The claim checks; none before the node has its updates.</summary>
    public UpdateCommitted[] Updates { get; private set; } = [];

    /// <summary>Gives the node its updates, once.</summary>
    public void Hold(IEnumerable<(UpdateCommitted Update, RetainedUpdate Payload)> held)
    {
        (UpdateCommitted Update, RetainedUpdate Payload)[] sorted = [.. held.OrderBy(pair => pair.Update.AssignmentId, StringComparer.Ordinal)];
        Updates = [.. sorted.Select(pair => pair.Update)];
        _payloads = [.. sorted.Select(pair => pair.Payload)];
    }

    /// <summary>Sections that an update carries and that are aggregated here.</summary>
    public IEnumerable<int> Carried() => Enumerable.Range(0, round.Sections.Length)
        .Where(section => !round.IsHandedOver(section) && _payloads.Any(payload => SectionBytes.Carries(payload, section)));

    /// <summary>The values of a section of the updates that carry it.</summary>
    public ReadOnlyMemory<float>[] Values(int section)
    {
        // Shares for several receivers are made at the same time.
        lock (_gate)
        {
            if (!_values.TryGetValue(section, out ReadOnlyMemory<float>[]? values))
            {
                values = [.. _payloads.Where(payload => SectionBytes.Carries(payload, section)).Select(payload => sections.Values(payload, section))];
                _values.Add(section, values);
            }

            return values;
        }
    }
}
