using Federated.Client.Participation;
using Federated.Client.Training;
using Federated.Client.Transfer;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Client.Sessions;

/// <summary>
/// A device in an exchange of scalars: catches up with the log, then measures, sends one byte a gradient, and applies what the server puts into the log, its own bytes among it.
/// Nothing is kept between runs: whoever comes back takes the checkpoint.
/// </summary>
internal sealed class ExchangeSession(
    CoordinatorCalls coordinator, TaskInputs inputs, ModelDownloader downloader, ParticipationGate gate, DeviceEvents events, TimeSpan wait, TimeProvider timeProvider)
{
    private ExchangeState? _state;
    private int _rounds;

    public async Task<ExchangeResult> RunAsync(string jobId, LocalWork work, CancellationToken cancellationToken)
    {
        using var solvers = new SolverCache(work);
        bool takesCheckpoint = true;
        while (true)
        {
            if (await JoinAsync(jobId, cancellationToken).ConfigureAwait(false) is not { } join)
            {
                return Result();
            }

            await EnterAsync(join, takesCheckpoint, cancellationToken).ConfigureAwait(false);
            ExchangeNext next = await FollowAsync(jobId, join, solvers, cancellationToken).ConfigureAwait(false);
            if (next == ExchangeNext.Ended)
            {
                return Result();
            }

            takesCheckpoint = next == ExchangeNext.Resync;
        }
    }

    private ExchangeResult Result() => new(_rounds, _state is null ? null : Convert.ToHexStringLower(_state.Machine.StateHash()));

    /// <summary>Null when the exchange is over.</summary>
    private async Task<JoinExchangeReply?> JoinAsync(string jobId, CancellationToken cancellationToken)
    {
        try
        {
            return await coordinator.JoinExchangeAsync(new JoinExchangeRequest { JobId = jobId }, cancellationToken).ConfigureAwait(false);
        }
        catch (FederatedClientException e) when (e.InnerException is RpcException { StatusCode: StatusCode.NotFound })
        {
            return null;
        }
    }

    /// <summary>Comes to a state of the run: the one that the device has, the checkpoint, or the initial model.</summary>
    private async Task EnterAsync(JoinExchangeReply join, bool takesCheckpoint, CancellationToken cancellationToken)
    {
        try
        {
            bool isNew = _state is null || !_state.Settings.ToBytes().AsSpan().SequenceEqual(join.Settings.Span);
            if (isNew)
            {
                ModelContent model = await inputs.ModelAsync(join.Model, delivered: null, cancellationToken).ConfigureAwait(false);

                // A copy: the memory of the last model is used again for the next task.
                _state = new ExchangeState(
                    OneByteSettings.Read(join.Settings.Span), new ModelContent(model.Schema, [.. model.Parameters], [.. model.Statistics], [.. model.Counts]));
            }

            if (isNew || takesCheckpoint)
            {
                _state!.GoTo(join.Checkpoint is { } checkpoint ? await ArchiveAsync(checkpoint, cancellationToken).ConfigureAwait(false) : null);
            }

            events.JoinedExchange(join, _state!.Machine.Round);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException)
        {
            throw new FederatedClientException(FederatedClientReason.BadModel, $"The exchange cannot be joined: {e.Message}", e);
        }
    }

    private async Task<OneByteArchive> ArchiveAsync(CheckpointReference checkpoint, CancellationToken cancellationToken)
    {
        using BlobLease blob = await downloader.FetchAsync(checkpoint.BlobId, checkpoint.ByteLength, checksum: null, cancellationToken).ConfigureAwait(false);
        return OneByteArchive.Read(blob.Bytes.ToArray());
    }

    /// <summary>Takes part until the server says something else than to go on.</summary>
    private async Task<ExchangeNext> FollowAsync(string jobId, JoinExchangeReply join, SolverCache solvers, CancellationToken cancellationToken)
    {
        ExchangeState state = _state!;
        byte[] gradients = [];
        while (true)
        {
            var request = new ExchangeScalarsRequest
            {
                JobId = jobId,
                Round = state.Machine.Round,
                Previous = state.Machine.Previous,
                Gradients = ByteString.CopyFrom(gradients),
                WaitMs = gradients.Length > 0 ? (uint)wait.TotalMilliseconds : 0,
                State = state.Report,
            };
            ExchangeScalarsReply reply = await coordinator.ExchangeScalarsAsync(request, cancellationToken).ConfigureAwait(false);
            gate.Sent(request.CalculateSize());
            gate.Received(reply.CalculateSize());
            if (reply.Next is ExchangeNext.Rejoin or ExchangeNext.Resync)
            {
                return reply.Next;
            }

            state.Report = null;
            if (!Apply(state, join, reply))
            {
                return ExchangeNext.Resync;
            }

            if (reply.Next == ExchangeNext.Ended)
            {
                return ExchangeNext.Ended;
            }

            // Who is behind asks on; who has waited in vain sends the same again; who has the log measures.
            bool wasBehind = request.Gradients.Length == 0 && reply.Records.Count > 0;
            bool stillOpen = request.Gradients.Length > 0 && reply.Records.Count == 0;
            if (!stillOpen)
            {
                gradients = wasBehind || state.Machine.Round >= join.Rounds ? [] : Measure(state, join, solvers, cancellationToken);
            }
        }
    }

    /// <summary>Applies the records of a reply; false when they do not follow the device's log.</summary>
    private bool Apply(ExchangeState state, JoinExchangeReply join, ExchangeScalarsReply reply)
    {
        foreach (ByteString bytes in reply.Records)
        {
            RoundCommitment record = RoundCommitment.Read(bytes.Span)
                ?? throw new FederatedClientException(FederatedClientReason.ProtocolViolation, $"The server sent {bytes.Length} bytes that are no record of the log.");
            if (!state.Machine.Apply(record))
            {
                return false;
            }

            _rounds += record.Machines.Any(machine => machine.Machine == join.Machine) ? 1 : 0;
            uint round = state.Machine.Round;
            if (round % join.Window == 0 || round == join.Rounds)
            {
                events.Exchanged(join, state.MakeReport());
            }
        }

        return true;
    }

    private byte[] Measure(ExchangeState state, JoinExchangeReply join, SolverCache solvers, CancellationToken cancellationToken)
    {
        IObjective objective = solvers.ExchangeFor(state.Model.Schema);
        objective.LoadStatistics(state.Model.Statistics, state.Model.Counts);
        byte[] codes = new byte[state.Settings.BytesPerMachine];
        long started = timeProvider.GetTimestamp();
        double loss = state.Meter.Measure(state.Machine, join.Machine, objective, join.Seed, (int)join.BatchSize, codes, cancellationToken).MeanLoss;
        gate.Book(timeProvider.GetElapsedTime(started));
        state.Measured(loss);
        return new GradientBytes(state.Machine.Round, join.Machine, state.Machine.Previous, codes).ToBytes();
    }
}
