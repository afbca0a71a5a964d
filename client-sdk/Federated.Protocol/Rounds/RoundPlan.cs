using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Federated.Protocol.V1;

namespace Federated.Protocol.Rounds;

/// <summary>What the aggregation tier has to know to aggregate one round.</summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Fencing epoch of the job's writer; the tier refuses plans and closings of an older one.</param>
/// <param name="SchemaHash">SHA-256 of the model's schema in lower-case hexadecimal.</param>
/// <param name="Sections">The sections that updates have, in order; each has a sum of its own.</param>
/// <param name="Rule">The aggregation rule with its parameters, such as <c>mean</c> or <c>nnm+trimmed-mean</c>.</param>
/// <param name="UpdateBytes">Payload bytes of one update at most.</param>
/// <param name="ExpectedUpdates">Updates expected at most (cohort with over-selection).</param>
/// <param name="Durability"><c>journal</c>: a stored update may have to be asked again when its node dies; <c>spool</c>: it is not.</param>
/// <param name="Forms">Which sections the updates of each role carry; null when every update has every section, whatever its role.</param>
/// <param name="Timing">One of <see cref="AggregationTimings"/>: when stored updates are summed.</param>
/// <param name="Byzantine">f: updates that the rule takes to be arbitrary.</param>
/// <param name="RuleSeed">Decides what the rule draws, and the projection of sketches; devices never learn it.</param>
/// <param name="Exchange">One of <see cref="ExchangeModes"/>: what several nodes tell each other under a rule other than the mean.</param>
/// <param name="SketchError">Standard error of an inner product from sketches, as a part of the product of the two norms.</param>
/// <param name="Capacity">
/// Updates after which no more are taken, for the buffer of an asynchronous job, which also takes tickets of the job's earlier rounds; 0 for a round that takes its own tickets, all of them.
/// </param>
public sealed record RoundPlan(
    RoundKey Key,
    ulong WriterEpoch,
    string SchemaHash,
    ImmutableArray<SectionSpec> Sections,
    string Rule,
    long UpdateBytes,
    int ExpectedUpdates,
    string Durability = "journal",
    IReadOnlyList<UpdateForm>? Forms = null,
    string Timing = AggregationTimings.Eager,
    int Byzantine = 0,
    ulong RuleSeed = 0,
    string Exchange = ExchangeModes.Exact,
    double SketchError = ExchangeModes.DefaultSketchError,
    int Capacity = 0)
{
    /// <summary>The rule that combines nothing: the updates are handed over one by one, in order of arrival.</summary>
    public const string KeepRule = "keep";

    /// <summary>The last aggregate of each section, where a rule such as centred clipping starts; zeros for those that are missing. Given inside one process only: they are as large as the model.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> Centres { get; init; } = ImmutableDictionary<SectionRole, ReadOnlyMemory<float>>.Empty;

    /// <summary>The sections of which <see cref="Centres"/> has one; nodes of a distributed tier wait for those from the server.</summary>
    public ImmutableArray<SectionRole> Centred { get; init; } = [];

    /// <summary>
    /// Sections that the tier hands over, decoded, update by update. Under a rule that retains updates it does not aggregate them; under the mean, where only a node by itself can do it, it
    /// sums them as well.
    /// </summary>
    public ImmutableArray<SectionRole> HandedOver { get; init; } = [];

    /// <summary>Whether the rule is the mean, for which a running sum is enough.</summary>
    public bool IsMean => Rule == "mean";

    /// <summary>Whether updates are handed over one by one.</summary>
    public bool KeepsUpdates => Rule == KeepRule;

    /// <summary>
    /// The most updates that a message of the round may be about. Each node of a buffer takes as many as the buffer has, and duplicates besides, so this is only far above what is sensible.
    /// </summary>
    public int MostUpdates => IsBuffer ? Math.Max(10_000, checked(100 * Capacity)) : ExpectedUpdates;

    /// <summary>Whether sections of single updates are handed over.</summary>
    public bool HandsOver => KeepsUpdates || !HandedOver.IsEmpty;

    /// <summary>Whether the round is the buffer of an asynchronous job.</summary>
    public bool IsBuffer => Capacity > 0;

    /// <summary>Bytes of updates that the tier keeps until the round closes; 0 when each is summed and freed as it comes.</summary>
    public long RetainedBytes => IsMean && Timing == AggregationTimings.Eager ? 0 : checked(UpdateBytes * ExpectedUpdates);

    /// <summary>Whether a section is handed over update by update instead of being aggregated.</summary>
    /// <param name="section">Position of the section.</param>
    public bool IsHandedOver(int section) => KeepsUpdates || HandedOver.Contains(Sections[section].Role);

    /// <summary>SHA-256 of the schema that updates of a role are made for, in lower-case hexadecimal.</summary>
    /// <param name="role">The role that the ticket names.</param>
    public string SchemaHashOf(string role) => Forms?.FirstOrDefault(form => form.Role == role)?.SchemaHash ?? SchemaHash;

    /// <summary>Positions of the sections that the updates of a role carry, ascending; default when the round has no such role.</summary>
    /// <param name="role">The role that the ticket names.</param>
    public ImmutableArray<int> FormOf(string role)
    {
        if (Forms is null)
        {
            return [.. Enumerable.Range(0, Sections.Length)];
        }

        foreach (UpdateForm form in Forms)
        {
            if (form.Role == role)
            {
                return form.Sections;
            }
        }

        return default;
    }
}
