using System.Buffers;
using System.IO.Hashing;
using Federated.Client.Algorithms;
using Federated.Client.Algorithms.Evaluate;
using Federated.Client.Algorithms.Statistics;
using Federated.Client.Compression;
using Federated.Client.Identity;
using Federated.Client.Participation;
using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Client.Transfer;
using Federated.Protocol;
using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Google.Protobuf.Collections;

namespace Federated.Client.Sessions;

/// <summary>Does the local work of one assignment and encodes its update. What goes wrong becomes a failure to report.</summary>
internal sealed class TaskRunner(
    LocalWork work,
    Func<DeviceIdentity> identity,
    TaskInputs inputs,
    ClientStates states,
    ParticipationGate gate,
    TimeProvider timeProvider,
    DeviceEvents events,
    string? ownCompressor) : IDisposable
{
    private static readonly IClientAlgorithm Evaluation = new EvaluateClient();
    private static readonly IClientAlgorithm Statistics = new StatisticsClient();

    private readonly SolverCache _solvers = new(work);

    /// <summary>Blob id of the model that is in memory; empty for none.</summary>
    public string HeldModel => inputs.BlobId;

    /// <param name="task">The assignment.</param>
    /// <param name="delivered">The model that came with it, or null; the runner's from now on.</param>
    /// <param name="watch">The participation policy: its refusal ends training early, with what was done so far, and gives up anything else.</param>
    /// <param name="cancellationToken">The application stops.</param>
    /// <exception cref="OperationCanceledException">The application stops.</exception>
    /// <exception cref="FederatedClientException">The server is gone, or does not accept the device any more.</exception>
    public async Task<TaskResult> RunAsync(TaskAssignment task, BlobLease? delivered, ParticipationWatch watch, CancellationToken cancellationToken)
    {
        if (Misfit(task) is { } misfit)
        {
            delivered?.Dispose();
            return Fail(ErrorKinds.Protocol, misfit);
        }

        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Refused);
            return await WorkAsync(task, delivered, watch, ended.Token, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (watch.Refused.IsCancellationRequested)
        {
            return Refused(watch);
        }
        catch (FederatedClientException e) when (e.Reason == FederatedClientReason.BadModel)
        {
            return Fail(ErrorKinds.BadModel, e.Message);
        }
        catch (FederatedClientException)
        {
            throw;
        }
        catch (OutOfMemoryException e)
        {
            return Fail("out-of-memory", e.Message);
        }
        catch (Exception e)
        {
            // The application's code runs here: whatever it throws costs this task, not the device.
            return Fail(ErrorKinds.Exception, $"{e.GetType().Name}: {e.Message}");
        }
        finally
        {
            // A task that came to nothing has cost its download all the same.
            gate.Book();
        }
    }

    public void Dispose() => _solvers.Dispose();

    private static TaskResult Fail(string kind, string message) => new(null, new TaskFailure(kind, message));

    private static TaskResult Refused(ParticipationWatch watch) =>
        Fail(ErrorKinds.Interrupted, $"The device's policy ended the task before there was anything to send: {watch.Decision.Reason}.");

    /// <summary>What of the assignment contradicts itself or this device; null when all fits.</summary>
    private string? Misfit(TaskAssignment task)
    {
        UpdateTicket? ticket = task.TicketContent;
        if (ticket is null || task.Ticket is null || task.Model is null)
        {
            return "The assignment lacks its ticket or its model.";
        }

        if (ticket.AssignmentId != task.AssignmentId || ticket.JobId != task.JobId || ticket.Round != task.Round || ticket.Kind != task.Kind)
        {
            return $"The ticket of assignment {task.AssignmentId} belongs to another assignment ({ticket.AssignmentId}).";
        }

        if (ticket.TenantId != identity().TenantId || ticket.DeviceId != identity().DeviceId)
        {
            return $"The ticket of assignment {task.AssignmentId} was issued for another device or tenant.";
        }

        return ticket.SchemaHash == task.Model.SchemaHash
            ? null
            : $"The ticket of assignment {task.AssignmentId} and its model have different schemas.";
    }

    private async Task<TaskResult> WorkAsync(
        TaskAssignment task, BlobLease? delivered, ParticipationWatch watch, CancellationToken ended, CancellationToken cancellationToken)
    {
        ModelContent model = await inputs.ModelAsync(task.Model, delivered, ended).ConfigureAwait(false);
        LocalTraining settings = task.Training ?? new LocalTraining();
        IClientAlgorithm? algorithm = task.Kind switch
        {
            TaskKind.Evaluate => Evaluation,
            TaskKind.Statistics => Statistics,
            _ => work.Algorithms.FirstOrDefault(a => a.Name == settings.Algorithm),
        };
        if (algorithm is null)
        {
            return Fail(ErrorKinds.Protocol, $"The device does not know the algorithm '{settings.Algorithm}'.");
        }

        if (task.Kind == TaskKind.Train && model.Mask is { } mask)
        {
            algorithm = new MaskedClient(algorithm, mask);
        }

        IReadOnlyList<SectionSpec> made = algorithm.Sections(model.Schema, settings, task.Role);
        RepeatedField<SectionSpec> sections = task.TicketContent.Sections;
        if (made.Count != sections.Count || !made.Zip(sections).All(pair => HoldTheSame(pair.First, pair.Second)))
        {
            return Fail(
                ErrorKinds.SchemaMismatch,
                $"Algorithm '{algorithm.Name}' makes the sections [{Names(made)}], the ticket wants [{Names(sections)}].");
        }

        // What the client half remembers comes first, what the compressor remembers behind it.
        UpdateEncoder? encoder = task.Kind == TaskKind.Evaluate ? null : UpdateEncoder.For(model.Schema, settings, model.Mask, ownCompressor);
        int ownLength = StateLength(algorithm, model.Schema, settings);
        ReadOnlyMemory<float> state = states.Load(
            task.JobId, task.StateEpoch, ownLength + (encoder?.StateLength ?? 0), orLonger: algorithm == Evaluation);
        if (encoder is { TakesAnyLength: true })
        {
            state = states.LoadAll(task.JobId, task.StateEpoch, ownLength);
        }

        ReadOnlyMemory<float> memory = state.IsEmpty ? state : state[ownLength..];
        if (encoder is not null && encoder.HasLost(memory.Span))
        {
            return Fail(
                ErrorKinds.StateLost,
                $"The device has no error-feedback state of round {settings.Compression.StateRound}; the server lets it begin anew.");
        }

        var clientTask = new ClientTask
        {
            Schema = model.Schema,
            Parameters = model.Parameters,
            Statistics = model.Statistics,
            Counts = model.Counts,
            Settings = settings,
            Role = task.Role,
            Round = task.Round,
            DownSections = await inputs.DownSectionsAsync(task.DownSections, ended).ConfigureAwait(false),
            State = state.IsEmpty ? state : state[..ownLength],
        };
        gate.Book();
        watch.BeginWork();
        ended.ThrowIfCancellationRequested();
        events.Working(task);
        TaskResult result = await Task.Run(() => Compute(task, algorithm, model.Mask, sections, clientTask, encoder, memory, watch, ended), cancellationToken)
            .ConfigureAwait(false);

        // Work that was cut short by the application's end is not worth an upload.
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    /// <summary>An evaluation reads the statistics that this device keeps to itself, where the schema has such.</summary>
    private static int StateLength(IClientAlgorithm algorithm, ModelSchema schema, LocalTraining settings) =>
        algorithm == Evaluation
            ? (schema.AggregatesStatistics ? 0 : schema.StatisticCount)
            : algorithm.StateLength(schema, settings);

    private TaskResult Compute(
        TaskAssignment task,
        IClientAlgorithm algorithm,
        ModelMask? mask,
        IReadOnlyList<SectionSpec> sections,
        ClientTask clientTask,
        UpdateEncoder? encoder,
        ReadOnlyMemory<float> memory,
        ParticipationWatch watch,
        CancellationToken stop)
    {
        ILocalSolver solver = algorithm == Evaluation ? _solvers.EvaluationFor(clientTask.Schema) : _solvers.SolverFor(clientTask.Schema);
        int ownLength = algorithm.StateLength(clientTask.Schema, clientTask.Settings);
        float[] nextState = new float[ownLength + (encoder?.StateLength ?? 0)];
        SectionSpec[] dense = [.. sections.Select(SectionSpecs.Unframed)];
        int length = ClientUpdate.PayloadLength(dense);
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        PendingUpdate? pending = null;
        try
        {
            var update = new ClientUpdate(dense, rented, nextState.AsMemory(0, ownLength));
            long started = timeProvider.GetTimestamp();

            // A solver over active weights is told of them, in training by the client half, or it would take memory for the dense model.
            using var told = new ToldMask(solver, task.Kind == TaskKind.Train ? null : mask);
            ClientOutcome outcome = algorithm.Run(Limited(clientTask, task, watch.Decision, solver), solver, update, stop);
            TimeSpan took = timeProvider.GetElapsedTime(started);
            gate.Book(took);
            if (outcome == ClientOutcome.Nothing && watch.Refused.IsCancellationRequested)
            {
                return Refused(watch);
            }

            if (Unusable(outcome, update) is { } failure)
            {
                return new TaskResult(null, failure);
            }

            Announce(task, update, outcome == ClientOutcome.Partial ? watch.Decision.Reason : "");
            if (encoder is not null)
            {
                return Encode(task, update, took, encoder, memory.Span, nextState.AsSpan(ownLength), nextState);
            }

            UpdateHeader header = Header(task, update, took, update.Payload.Span);
            header.Sections.AddRange(update.Headers());
            pending = new PendingUpdate(task.TicketContent, header, rented, update.Payload.Length, nextState);
            return new TaskResult(pending, null);
        }
        finally
        {
            if (pending is null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>Training takes no more steps than the device's policy and the ticket allow.</summary>
    private static ClientTask Limited(ClientTask work, TaskAssignment task, ParticipationDecision decision, ILocalSolver solver)
    {
        uint claimable = task.TicketContent.MaxSteps;
        int most = Math.Min(decision.TakesPart ? decision.MaxSteps : int.MaxValue, claimable is 0 or > int.MaxValue ? int.MaxValue : (int)claimable);
        return task.Kind == TaskKind.Train
            ? work with { Settings = StepLimit.Within(work.Settings, most, solver.Objective.ExampleCount) }
            : work;
    }

    private TaskResult Encode(
        TaskAssignment task,
        ClientUpdate update,
        TimeSpan took,
        UpdateEncoder encoder,
        ReadOnlySpan<float> memory,
        Span<float> nextMemory,
        float[] nextState)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(UpdateEncoder.MostBytes(task.TicketContent.Sections));
        PendingUpdate? pending = null;
        try
        {
            var draw = new CompressionDraw(task.Training.Seed, task.Round, task.Training.ClientIndex);
            EncodedUpdate encoded = encoder.Encode(update, memory, draw, rented, nextMemory);
            if (!encoded.IsFinite)
            {
                return Fail(ErrorKinds.Diverged, "The compressed update or its error-feedback state has a NaN or an infinity.");
            }

            events.Compressed(task, update.Payload.Length, encoded);
            UpdateHeader header = Header(task, update, took, rented.AsSpan(0, encoded.Length));
            header.Sections.AddRange(encoded.Sections);
            header.Compression = new CompressionReport
            {
                Contraction = encoded.Contraction,
                ErrorNorm = encoded.ErrorNorm,
                Saturated = (ulong)encoded.Saturated,
            };
            pending = new PendingUpdate(task.TicketContent, header, rented, encoded.Length, nextState);
            return new TaskResult(pending, null);
        }
        finally
        {
            if (pending is null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private static TaskFailure? Unusable(ClientOutcome outcome, ClientUpdate update)
    {
        if (outcome == ClientOutcome.Nothing)
        {
            return new TaskFailure("no-examples", "The device has no examples to work on.");
        }

        if (outcome == ClientOutcome.Diverged)
        {
            return new TaskFailure(ErrorKinds.Diverged, $"The local loss or update is not finite after {update.Steps} steps.");
        }

        return FiniteSections.FirstNotFinite(update.Headers(), update.Payload.Span) is { } role
            ? new TaskFailure(ErrorKinds.Diverged, $"Section {role} of the update has a NaN or an infinity after {update.Steps} steps.")
            : null;
    }

    private void Announce(TaskAssignment task, ClientUpdate update, string stopped)
    {
        if (update.Has(SectionRole.Evaluation))
        {
            ReadOnlySpan<double> sums = update.Doubles(SectionRole.Evaluation);
            events.Evaluated(task, sums[0] / sums[2], sums[1] / sums[2]);
        }
        else if (task.Kind == TaskKind.Statistics)
        {
            events.Summed(task, update.Weight);
        }
        else
        {
            events.Trained(task, update.Steps, update.TrainingLoss, stopped);
        }
    }

    private static UpdateHeader Header(TaskAssignment task, ClientUpdate update, TimeSpan took, ReadOnlySpan<byte> payload) =>
        new()
        {
            Ticket = task.Ticket,
            Weight = update.Weight,
            LocalSteps = (uint)update.Steps,
            Checksum = XxHash3.HashToUInt64(payload),
            TrainingLoss = update.TrainingLoss,
            TrainingSeconds = took.TotalSeconds,
        };

    /// <summary>By what a sum is divided is the server's matter: the job may weigh updates by examples or not.</summary>
    private static bool HoldTheSame(SectionSpec made, SectionSpec wanted) =>
        made.Role == wanted.Role && made.Dtype == wanted.Dtype && (made.Codec == wanted.Codec || (made.Role == SectionRole.Delta && wanted.Codec == SectionCodec.Frame)) && made.ElementCount == wanted.ElementCount && made.MaskEpoch == wanted.MaskEpoch
        && (made.Role != SectionRole.TopK || made.MaxBytes == wanted.MaxBytes);

    private static string Names(IEnumerable<SectionSpec> sections) =>
        string.Join(", ", sections.Select(section => $"{section.Role} {section.Dtype} x {section.ElementCount}"));
}
