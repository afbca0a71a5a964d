using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Coordination.Anarchic;

/// <summary>
/// The server half of an algorithm without rounds: workers pull a version when they like, take as many steps as they like, and push. The live server and
/// the simulator run the same half. It does no input or output, knows no clock, draws nothing, and is used by one thread at a time: the order of the calls decides every bit.
/// </summary>
/// <remarks>
/// After each <see cref="Offer"/> the driver looks at <see cref="CanAdvance"/>. A version that <see cref="Advance"/> made is kept together with <see cref="SaveState"/>; one
/// whose commit fails is undone by <see cref="LoadState"/> of the state before. The saved state has no buffer: what is in no version is offered again.
/// </remarks>
public interface IAnarchicAlgorithm
{
    /// <summary>t: versions made so far; the initial model is version 0.</summary>
    long Version { get; }

    /// <summary>Updates that wait.</summary>
    int Buffered { get; }

    /// <summary>Ids of updates that were buffered since the last version and do not wait any more: a later one of the same worker took their place, or the worker left.</summary>
    IReadOnlyList<string> Discarded { get; }

    /// <summary>m: updates that make a version.</summary>
    int Goal { get; }

    /// <summary>Whether enough updates wait for a version. Then <see cref="Advance"/> comes before the next <see cref="Offer"/>.</summary>
    bool CanAdvance { get; }

    /// <summary>Whether enough updates wait for a version once <see cref="FlushAfter"/> has passed.</summary>
    bool CanFlush { get; }

    /// <summary>Time from the first buffered update after which those present are enough; null for never.</summary>
    TimeSpan? FlushAfter { get; }

    /// <summary>Whether <see cref="AnarchicUpdate.PulledParameters"/> is read.</summary>
    bool NeedsPulledModel { get; }

    /// <summary>
    /// Told the model that is current: before anything else is asked, and after every <see cref="LoadState"/>. Nothing for a half to which its mask does not matter.
    /// </summary>
    /// <param name="model">The model; <see cref="Advance"/> gets the same one.</param>
    void Follow(ModelContent model)
    {
    }

    /// <summary>The form of updates from workers that pull now.</summary>
    string Role => DeviceRoles.Worker;

    /// <summary>The forms of updates that may still arrive; one, unless the model is under masks that change.</summary>
    ImmutableArray<AnarchicForm> Forms => [new AnarchicForm(Role, 0, UpSections)];

    /// <summary>One of <see cref="Forms"/>, of which there may be as many as versions that an update may be behind.</summary>
    /// <param name="role">Its name.</param>
    /// <exception cref="InvalidOperationException">No update of this form may arrive.</exception>
    AnarchicForm FormOf(string role) => Forms.First(form => form.Role == role);

    /// <summary>Whether <see cref="AnarchicUpdate.PulledMask"/> is read of updates of a form.</summary>
    /// <param name="role">The form.</param>
    bool NeedsPulledMask(string role) => false;

    /// <summary>The sections of an update of a worker that pulls now, as it is sent; an <see cref="AnarchicUpdate"/> holds it decoded.</summary>
    ImmutableArray<SectionSpec> UpSections { get; }

    /// <summary>The settings of the client half for a worker that pulls now. A worker may take fewer steps, or more.</summary>
    /// <param name="clientIndex">Stands for the worker.</param>
    LocalTraining TrainingFor(uint clientIndex);

    /// <summary>An update has arrived.</summary>
    /// <param name="update">The update; its spans are copied.</param>
    /// <exception cref="InvalidOperationException"><see cref="CanAdvance"/>.</exception>
    /// <exception cref="ArgumentException">A vector has the wrong length.</exception>
    ArrivalVerdict Offer(in AnarchicUpdate update);

    /// <summary>Makes the next version in place from the updates that wait, and empties the buffer.</summary>
    /// <param name="model">The present version, to be turned into the next.</param>
    /// <exception cref="InvalidOperationException">Neither <see cref="CanAdvance"/> nor <see cref="CanFlush"/>.</exception>
    AdvanceResult Advance(ModelContent model);

    /// <summary>A worker has left for good.</summary>
    /// <param name="clientIndex">Stands for the worker.</param>
    void Leave(uint clientIndex);

    /// <summary>Bytes that the model store may hold of the states of a job's versions; there is no bound for a half whose state is small.</summary>
    long StateBudget => long.MaxValue;

    /// <summary>The state that belongs to the present version. The bytes are checked when they are read.</summary>
    byte[] SaveState();

    /// <summary>Goes back to a saved state, or to that at the start of a job; the buffer is empty then.</summary>
    /// <param name="state">What <see cref="SaveState"/> gave; empty for the start.</param>
    /// <exception cref="InvalidDataException">The state is another algorithm's, another layout's or of another size.</exception>
    void LoadState(ReadOnlySpan<byte> state);
}
