using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Jobs with compressed updates: the figures of each update, and devices that know no frames.</summary>
public sealed class CompressedJobTests : IAsyncDisposable
{
    private static readonly CompressionFigures Figures = new(0.75, 1.5, 3);

    private readonly CoordinationWorld _world = new(Compressed());

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task CommitRound_CompressedUpdate_StoresAndMeasuresWhatItsDeviceTold()
    {
        var measured = new ConcurrentDictionary<string, double>();
        using MeterListener listener = Listen(measured);
        await _world.CreateJobAsync();
        TaskAssignment task = (await _world.CheckInAsync("d")).Assignment;

        Assert.True(_world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4, compression: Figures));
        await _world.UntilAsync(progress => progress.TrainingRounds == 1);
        await _world.CheckInAsync("d", held: task.AssignmentId);

        AssignmentRecord record = Assert.Single(_world.Store.Assignments, assignment => assignment.AssignmentId == task.AssignmentId);
        Assert.Equal(Figures, record.Update!.Compression);
        Assert.Equal(task.Model.ByteLength, (ulong)record.Update.BytesDown!.Value);
        Assert.Equal((0.75, 1.5, 3.0), (measured["federated.update.contraction"], measured["federated.update.error.norm"], measured["federated.update.saturated"]));
        Assert.Equal((12.0, (double)task.Model.ByteLength), (measured["federated.round.bytes up"], measured["federated.round.bytes down"]));
        Assert.True(measured["federated.round.down.error"] > 0);
    }

    [Fact]
    public async Task CommitRound_CompressedDownLink_StoresWhatDevicesLack()
    {
        await _world.CreateJobAsync();
        TaskAssignment task = (await _world.CheckInAsync("d")).Assignment;
        float[] start = _world.ModelOf(task.Model.BlobId).Parameters;

        Assert.True(_world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4));
        TaskAssignment next = (await _world.CheckInAsync("d", held: task.AssignmentId)).Assignment;

        // topk:0.34 of three sends the largest step, -1; what is left out are the other two.
        Assert.Equal([start[0], start[1], start[2] - 1], _world.ModelOf(next.Model.BlobId).Parameters);
        RoundRecord round = Assert.Single(_world.Store.Rounds, round => round.Key.Round == 1);
        Assert.Equal(Math.Sqrt(0.25 + 0.0625), round.Metrics!.DownError!.Value, 1e-6);
    }

    [Fact]
    public async Task CheckIn_DeviceWithoutFrames_IsToldThatItIsIncapable()
    {
        await _world.CreateJobAsync();
        _world.Codecs = [SectionCodec.Dense];

        CheckInReply reply = await _world.CheckInAsync("old");

        Assert.Equal(RejectionReason.Incapable, reply.Rejection.Reason);
        Assert.True(reply.Rejection.RetryAfterMs > 60_000);
    }

    [Fact]
    public async Task CheckIn_DeviceWithoutFrames_GetsTheJobThatItCanDo()
    {
        await _world.CreateJobAsync();
        JobKey compressed = _world.Job;
        await using var other = new CoordinationWorld(Compressed() with { Compression = new CompressionSettings() });
        string blob = _world.Blobs.Put(ModelFile.Write(new ModelContent(CoordinationWorld.Schema, [1, 2, 3]))).ToString();
        CreateJobResult dense = await _world.Directory.CreateAsync(CoordinationWorld.Tenant, other.Definition, blob, _world.Cancel);
        await _world.UntilAsync(progress => progress.NeedsFrames);
        _world.Codecs = [SectionCodec.Dense];

        CheckInReply reply = await _world.CheckInAsync("old");

        Assert.NotEqual(compressed.JobId, reply.Assignment.JobId);
        Assert.Equal(dense.Job!.Key.JobId, reply.Assignment.JobId);
    }

    [Fact]
    public async Task CheckIn_DeviceWithoutFrames_StillEvaluates()
    {
        await using var world = new CoordinationWorld(Compressed() with { Evaluation = new EvaluationSettings { EveryRounds = 1 } });
        await world.CreateJobAsync();
        TaskAssignment task = (await world.CheckInAsync("new")).Assignment;
        Assert.True(world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4));
        world.Codecs = [SectionCodec.Dense];

        CheckInReply reply = await world.CheckInAsync("old");

        Assert.Equal(TaskKind.Evaluate, reply.Assignment.Kind);
    }

    private static JobDefinition Compressed() => new()
    {
        Rounds = 3,
        Round = new RoundSettings { CohortSize = 1, MinimumToClose = 1 },
        Compression = new CompressionSettings { Up = "q8", Down = "topk:0.34" },
    };

    private MeterListener Listen(ConcurrentDictionary<string, double> measured)
    {
        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Dictionary<string, object?> named = tags.ToArray().ToDictionary();
            if (Equals(named["job"], _world.Job.JobId))
            {
                measured[named.TryGetValue("direction", out object? direction) ? $"{instrument.Name} {direction}" : instrument.Name] = value;
            }
        }

        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == CoordinationMetrics.MeterName)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        return listener;
    }
}
