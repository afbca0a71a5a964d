using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Anarchic;

/// <summary>An asynchronous half in a world of rounds: each round is one buffer, and makes one version.</summary>
internal sealed class BufferedRounds(JobDefinition job, IAnarchicAlgorithm half) : IServerAlgorithm
{
    // Where staleness has no bound, tickets are given up after so many versions all the same.
    private const int UnboundedStaleness = 1000;

    public IAnarchicAlgorithm Half => half;

    public ImmutableArray<string> Roles => [.. half.Forms.Select(form => form.Role)];

    /// <summary>How a buffer is filled and when it closes.</summary>
    public RoundTerms Terms()
    {
        bool isBounded = (StalePolicy)AnarchicOptions.PolicyParameter.Of(job) == StalePolicy.Reject;
        return RoundTerms.ForBuffer(
            job,
            half.Goal,
            (int)AnarchicOptions.FlushMinimumParameter.Of(job),
            new BufferTerms(half.FlushAfter, isBounded ? (int)AnarchicOptions.StalenessParameter.Of(job) : UnboundedStaleness));
    }

    public void Follow(ModelContent model) => half.Follow(model);

    public string RoleOf(RoundKey round, uint clientIndex) => half.Role;

    public ImmutableArray<SectionSpec> UpSections(string role) => FormOf(role).Sections;

    /// <summary>The form of the updates of a role.</summary>
    public AnarchicForm FormOf(string role) => half.FormOf(role);

    public ImmutableArray<SectionRole> KeptSections => [.. half.Forms.SelectMany(form => form.Sections).Select(section => section.Role).Distinct()];

    public ImmutableArray<DownSection> DownSections(string role) => [];

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role) => half.TrainingFor(clientIndex);

    /// <summary>Not the way of an asynchronous half, which takes updates one by one.</summary>
    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model) =>
        throw new InvalidOperationException($"'{job.Algorithm.Name}' takes its updates one by one.");

    public byte[]? SaveState() => half.SaveState();

    public void LoadState(ReadOnlySpan<byte> state) => half.LoadState(state);
}
