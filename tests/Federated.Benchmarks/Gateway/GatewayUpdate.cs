using System.IO.Hashing;
using System.Runtime.InteropServices;
using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tickets;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Benchmarks.Gateway;

/// <summary>Updates of one length, made once and uploaded under many assignment ids.</summary>
internal sealed class GatewayUpdate
{
    public const string Tenant = "default";
    public const string Device = "device";

    private static readonly byte[] SchemaHash = new byte[32];

    private readonly ulong _checksum;
    private readonly TicketSigner _signer;

    public GatewayUpdate(int elements, TicketSigner signer)
    {
        var values = new float[elements];
        new CounterRandom(1, RandomPurpose.Test).FillUniform(values, -0.01f, 0.01f);
        Payload = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        Elements = elements;
        _checksum = XxHash3.HashToUInt64(Payload);
        _signer = signer;
    }

    public byte[] Payload { get; }

    private int Elements { get; }

    public static RoundPlan Plan(int elements) => new(
        new RoundKey(Tenant, "job", 1, TaskKind.Train), 1, Convert.ToHexStringLower(SchemaHash),
        [SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, elements, SectionDenominator.Weight)], "mean",
        (long)elements * sizeof(float), int.MaxValue);

    /// <summary>Sends the update as the SDK does: header, admission, chunks of the preferred length.</summary>
    public async Task UploadAsync(CallInvoker invoker, string assignment, CancellationToken cancellationToken)
    {
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> call =
            invoker.AsyncClientStreamingCall(UploadMethod.Client, null, new CallOptions(cancellationToken: cancellationToken));
        try
        {
            await call.RequestStream.WriteAsync(new UploadFrame(Header(assignment)), cancellationToken);
            if (Payload.Length >= UploadMethod.AdmissionBytes)
            {
                await call.ResponseHeadersAsync.WaitAsync(cancellationToken);
            }

            for (int sent = 0; sent < Payload.Length; sent += UploadMethod.PreferredChunkBytes)
            {
                int length = Math.Min(UploadMethod.PreferredChunkBytes, Payload.Length - sent);
                await call.RequestStream.WriteAsync(new UploadFrame(Payload.AsMemory(sent, length)), cancellationToken);
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException or IOException)
        {
            // A refusal comes before everything is sent; the response says why.
        }

        await call.ResponseAsync;
    }

    /// <summary>The first message of an upload under an id.</summary>
    public UpdateHeader Header(string assignment)
    {
        SectionSpec delta = Plan(Elements).Sections[0];
        var ticket = new UpdateTicket
        {
            Version = 1,
            TenantId = Tenant,
            JobId = "job",
            Round = 1,
            Kind = TaskKind.Train,
            AssignmentId = assignment,
            DeviceId = Device,
            SchemaHash = ByteString.CopyFrom(SchemaHash),
            MaxNorm = 1e9,
            MaxWeight = 1000,
            MaxSteps = 1000,
            MaxBytes = (ulong)Payload.Length,
            ExpiresAtMs = long.MaxValue,
            WriterEpoch = 1,
        };
        ticket.Sections.Add(delta);
        var header = new UpdateHeader { Ticket = _signer.Sign(ticket), Weight = 10, LocalSteps = 5, Checksum = _checksum };
        header.Sections.Add(SectionSpecs.DenseHeader(delta));
        return header;
    }
}
