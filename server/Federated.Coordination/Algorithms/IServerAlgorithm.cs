using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>
/// The server half of an algorithm, for one job: what each device is asked for, what is sent along, and how the aggregate
/// becomes the next model. The live coordinator and the simulator run the same half. It does no input or output, draws
/// nothing that its job's seed does not fix, and is used by one thread at a time.
/// </summary>
/// <remarks>
/// The order of calls in a round: <see cref="CohortSize"/>, then <see cref="RoleOf"/>, <see cref="UpSections"/>, <see cref="DownSections"/> and
/// <see cref="TrainingFor"/> for its devices, then <see cref="Apply"/> once, then <see cref="SaveState"/>. State changes in <see cref="Apply"/> and
/// <see cref="BeginEpoch"/> alone, so that a round which is abandoned leaves none behind; one whose commit fails is undone by loading the state that was saved last.
/// </remarks>
public interface IServerAlgorithm
{
    /// <summary>
    /// Told the model that is current: before anything else is asked, and after every <see cref="LoadState"/>. Nothing for algorithms to which its mask does not matter.
    /// </summary>
    /// <param name="model">The model; <see cref="Apply"/> gets the same one.</param>
    void Follow(ModelContent model)
    {
    }

    /// <summary>Whether the updates of the round are plain sums, which are added up whatever the job's rule and bounds on norms; false for most algorithms.</summary>
    bool TakesSums => false;

    /// <summary>Clients whose last gradient is in the mean that the algorithm keeps; null for algorithms that keep none.</summary>
    int? Seen => null;

    /// <summary>Every role that a device may be given; one for most algorithms.</summary>
    ImmutableArray<string> Roles { get; }

    /// <summary>Updates that a round is made for; 0 for the job's cohort size, as for most algorithms.</summary>
    /// <param name="round">The training round.</param>
    int CohortSize(RoundKey round) => 0;

    /// <summary>What is wanted of a device in a round.</summary>
    /// <param name="round">The training round.</param>
    /// <param name="clientIndex">Stands for the device.</param>
    string RoleOf(RoundKey round, uint clientIndex);

    /// <summary>
    /// The sections that an update of a role has, in order. A role of a section (DELTA, GRADIENT ...) names one accumulator of the round:
    /// device roles that share it must specify it alike.
    /// </summary>
    /// <param name="role">The device's role.</param>
    ImmutableArray<SectionSpec> UpSections(string role);

    /// <summary>
    /// Sections that <see cref="Apply"/> needs from each update besides their aggregate, for algorithms that keep something of every client. They cost the tier and the
    /// coordinator memory for as many updates as a round has; empty for most algorithms.
    /// </summary>
    ImmutableArray<SectionRole> KeptSections => [];

    /// <summary>
    /// Sections that <see cref="Combine"/> aggregates under a rule other than the mean, because what the rule has to compare is not what devices send: the tier hands them over
    /// update by update. Empty for most algorithms.
    /// </summary>
    ImmutableArray<SectionRole> OwnSections => [];

    /// <summary>The last aggregate of each section, for a rule that starts there; empty for other rules, and before the first round.</summary>
    IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> Centres => ImmutableDictionary<SectionRole, ReadOnlyMemory<float>>.Empty;

    /// <summary>The vectors that a role needs besides the model, as they are before this round; empty for most algorithms.</summary>
    /// <param name="role">The device's role.</param>
    ImmutableArray<DownSection> DownSections(string role);

    /// <summary>The settings of the client half.</summary>
    /// <param name="round">The training round.</param>
    /// <param name="clientIndex">Stands for the device.</param>
    /// <param name="role">The device's role.</param>
    LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role);

    /// <summary>Aggregates <see cref="OwnSections"/>, and judges their updates. It moves no state: <see cref="Apply"/> does, when it gets what this returns.</summary>
    /// <param name="round">The training round.</param>
    /// <param name="aggregate">What the tier gave, with the clients behind its updates. The values of its kept sections may be changed.</param>
    /// <param name="start">What the rule needs beside the updates.</param>
    /// <exception cref="ArgumentException">The rule cannot work with these updates; the round is abandoned.</exception>
    RoundAggregate Combine(RoundKey round, RoundAggregate aggregate, RuleStart start) => aggregate;

    /// <summary>
    /// Makes the next model in place, and moves the algorithm's own state. The aggregate lists which updates are in it, with their weights
    /// and steps. A role that nobody answered leaves its section missing; whatever the aggregate lacks stays as it was.
    /// </summary>
    /// <param name="round">The training round.</param>
    /// <param name="aggregate">What came of the round; every value is finite.</param>
    /// <param name="model">The version that the devices started from, to be turned into the next.</param>
    void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model);

    /// <summary>
    /// Coordinates of the parameters have left the model's mask, after <see cref="Apply"/>: whatever is remembered of them is as at the start from now on. What clients remember of them is forgotten as
    /// well, with their next task. Nothing for algorithms that remember nothing of the kind.
    /// </summary>
    /// <param name="coordinates">Positions in the flat parameters.</param>
    void Forget(ReadOnlySpan<int> coordinates)
    {
    }

    /// <summary>
    /// The state to keep with the model version that <see cref="Apply"/> has made, stored as a content-addressed blob; null when there is none.
    /// The bytes have a layout version of their own and are checked when they are read.
    /// </summary>
    byte[]? SaveState();

    /// <summary>Goes back to a saved state, or to that at the start of a job.</summary>
    /// <param name="state">What <see cref="SaveState"/> gave; empty for the start.</param>
    /// <exception cref="InvalidDataException">The state is another algorithm's, another layout's or of another size.</exception>
    void LoadState(ReadOnlySpan<byte> state);

    /// <summary>
    /// Told after every <see cref="LoadState"/> and whenever the job's state epoch rises: what devices saved under an earlier epoch is void, and with
    /// it whatever the server keeps that must match it (the mean of the control variates, for one). Nothing for algorithms without client state.
    /// </summary>
    /// <param name="stateEpoch">The epoch from now on, from 0.</param>
    void BeginEpoch(int stateEpoch)
    {
    }
}
