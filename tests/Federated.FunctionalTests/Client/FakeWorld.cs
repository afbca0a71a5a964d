using System.Collections.Concurrent;
using System.Security.Cryptography;
using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

/// <summary>
/// What the fake server knows and how it answers. A test queues the answers to check-ins; after the last of them the job has
/// ended. Every other call has a sensible answer that a test may replace.
/// </summary>
internal sealed class FakeWorld : IDisposable
{
    public const string Tenant = "default";
    public const string Job = "job-1";
    public const string EnrolmentToken = "let-me-in";

    private readonly ECDsa _ticketKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private int _assignments;

    public FakeWorld(int parameters = 8)
    {
        var schema = new ModelSchema([new TensorSpec("weight", [parameters])]);
        Model = new ModelContent(schema, [.. Enumerable.Range(0, parameters).Select(i => (float)i)]);
        ModelBytes = ModelFile.Write(Model);
        BlobId = Convert.ToHexStringLower(SHA256.HashData(ModelBytes));
        Download = SendFromOffsetAsync;
        Upload = StoreAsync;
        Disposition = StoredCountsAsync;
        Answer = (_, _) => Task.FromResult(Rejected(RejectionReason.JobEnded));
    }

    public ModelContent Model { get; }

    public byte[] ModelBytes { get; }

    /// <summary>What is sent with a task in place of a download; empty for nothing.</summary>
    public ByteString Inline { get; set; } = ByteString.Empty;

    public string BlobId { get; }

    public ConcurrentDictionary<string, byte[]> PublicKeys { get; } = new();

    public ConcurrentDictionary<string, byte[]> Challenges { get; } = new();

    public ConcurrentDictionary<string, string> Tokens { get; } = new();

    public ConcurrentQueue<Func<CheckInRequest, CancellationToken, Task<CheckInReply>>> CheckIns { get; } = new();

    public ConcurrentQueue<CheckInRequest> CheckInRequests { get; } = new();

    public ConcurrentQueue<DownloadRequest> Downloads { get; } = new();

    public ConcurrentQueue<DispositionRequest> DispositionRequests { get; } = new();

    public ConcurrentQueue<FailureReport> Failures { get; } = new();

    /// <summary>Uploads that came to their end.</summary>
    public ConcurrentQueue<ReceivedUpload> Uploads { get; } = new();

    public int EnrolCalls;
    public int AuthenticateCalls;
    public int UploadCalls;
    public long BytesServed;

    /// <summary>Set to refuse the proof of identity.</summary>
    public Status? AuthenticateFailure { get; set; }

    public DateTimeOffset TokenExpiry { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>Answers check-ins when the queue is empty.</summary>
    public Func<CheckInRequest, CancellationToken, Task<CheckInReply>> Answer { get; set; }

    public Func<DownloadRequest, IServerStreamWriter<DownloadChunk>, ServerCallContext, Task> Download { get; set; }

    public Func<IAsyncStreamReader<UploadChunk>, ServerCallContext, Task<UploadReceipt>> Upload { get; set; }

    public Func<DispositionRequest, CancellationToken, Task<DispositionReply>> Disposition { get; set; }

    public void Dispose() => _ticketKey.Dispose();

    public static CheckInReply Rejected(RejectionReason reason, ulong retryAfterMs = 0, params UpdateDisposition[] dispositions)
    {
        var reply = new CheckInReply { Rejection = new Rejection { Reason = reason, Message = reason.ToString(), RetryAfterMs = retryAfterMs } };
        reply.Dispositions.AddRange(dispositions);
        return reply;
    }

    public static UpdateDisposition Fate(string assignmentId, DispositionKind kind, uint version = 0) =>
        new() { AssignmentId = assignmentId, Kind = kind, ModelVersion = version, Reason = kind.ToString() };

    /// <summary>Queues a task; gives its assignment id. The ticket is issued to the device that checks in.</summary>
    public string Assign(TaskKind kind = TaskKind.Train, Action<TaskAssignment>? change = null, params UpdateDisposition[] dispositions)
    {
        int number = Interlocked.Increment(ref _assignments);
        string id = $"assignment-{number}";
        CheckIns.Enqueue((_, _) =>
        {
            TaskAssignment task = NewTask(id, kind, (uint)number);
            change?.Invoke(task);
            task.Ticket = new TicketSigner(_ticketKey, "key-1").Sign(task.TicketContent);
            var reply = new CheckInReply { Assignment = task, Model = Inline };
            reply.Dispositions.AddRange(dispositions);
            return Task.FromResult(reply);
        });
        return id;
    }

    private TaskAssignment NewTask(string id, TaskKind kind, uint round)
    {
        ByteString schemaHash = ByteString.CopyFrom(Model.Schema.Hash);
        var ticket = new UpdateTicket
        {
            Version = 1,
            TenantId = Tenant,
            JobId = Job,
            Round = round,
            Kind = kind,
            AssignmentId = id,
            DeviceId = PublicKeys.Keys.Single(),
            SchemaHash = schemaHash,
            MaxWeight = 1000,
            MaxSteps = 1000,
            MaxBytes = 1 << 20,
        };
        ticket.Sections.Add(kind == TaskKind.Evaluate ? SectionSpecs.Evaluation() : SectionSpecs.Delta(Model.Schema));
        return new TaskAssignment
        {
            AssignmentId = id,
            JobId = Job,
            Round = round,
            Kind = kind,
            Role = "worker",
            Model = new ModelReference { BlobId = BlobId, ByteLength = (ulong)ModelBytes.Length, SchemaHash = schemaHash },
            Training = new LocalTraining { Algorithm = "fedavg", Steps = 3, LearningRate = 0.1 },
            TicketContent = ticket,
        };
    }

    public async Task SendFromOffsetAsync(DownloadRequest request, IServerStreamWriter<DownloadChunk> stream, ServerCallContext context) =>
        await SendAsync(ModelBytes, (int)request.Offset, ModelBytes.Length, stream);

    public async Task SendAsync(byte[] bytes, int from, int to, IServerStreamWriter<DownloadChunk> stream)
    {
        const int Piece = 16;
        for (int at = from; at < to; at += Piece)
        {
            int length = Math.Min(Piece, to - at);
            await stream.WriteAsync(new DownloadChunk { Data = ByteString.CopyFrom(bytes, at, length) });
            Interlocked.Add(ref BytesServed, length);
        }
    }

    public async Task<UploadReceipt> StoreAsync(IAsyncStreamReader<UploadChunk> stream, ServerCallContext context)
    {
        UpdateHeader? header = null;
        var bytes = new MemoryStream();
        await foreach (UploadChunk chunk in stream.ReadAllAsync(context.CancellationToken))
        {
            header ??= chunk.Header;
            bytes.Write(chunk.Data.Span);
        }

        Uploads.Enqueue(new ReceivedUpload(header!, bytes.ToArray()));
        return new UploadReceipt { Status = UploadStatus.Stored };
    }

    private Task<DispositionReply> StoredCountsAsync(DispositionRequest request, CancellationToken cancellationToken)
    {
        var reply = new DispositionReply();
        foreach (string id in request.AssignmentIds)
        {
            bool stored = Uploads.Any(upload => upload.AssignmentId == id);
            reply.Dispositions.Add(Fate(id, stored ? DispositionKind.Counted : DispositionKind.Pending, 1));
        }

        return Task.FromResult(reply);
    }
}
