using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.FunctionalTests.Gateway;

/// <summary>An update that its ticket allows, to be spoiled by a test in one place.</summary>
internal sealed class TestUpdate
{
    public const string Tenant = "default";
    public const string Device = "device-1";

    private static readonly byte[] SchemaHash = SHA256.HashData("schema"u8);

    public TestUpdate(RoundPlan plan, string assignment, DateTimeOffset now, int seed = 1, double weight = 2)
    {
        int elements = (int)plan.Sections[0].ElementCount;
        Values = new float[elements];
        for (int i = 0; i < elements; i++)
        {
            Values[i] = MathF.Sin((seed * 7919) + i) * 0.01f;
        }

        Ticket = new UpdateTicket
        {
            Version = 1,
            TenantId = Tenant,
            JobId = plan.Key.JobId,
            Round = (uint)plan.Key.Round,
            Kind = plan.Key.Kind,
            AssignmentId = assignment,
            DeviceId = Device,
            SchemaHash = ByteString.CopyFrom(SchemaHash),
            MaxNorm = 1e6,
            MaxWeight = 1000,
            MaxSteps = 100,
            MaxBytes = GatewayHost.SlotBytes,
            ExpiresAtMs = now.AddMinutes(10).ToUnixTimeMilliseconds(),
            WriterEpoch = plan.WriterEpoch,
        };
        Ticket.Sections.AddRange(plan.Sections);
        Payload = MemoryMarshal.AsBytes(Values.AsSpan()).ToArray();
        Header = new UpdateHeader { Weight = weight, LocalSteps = 5, Checksum = XxHash3.HashToUInt64(Payload), TrainingLoss = 0.5 };
        Header.Sections.AddRange(plan.Sections.Select(SectionSpecs.DenseHeader));
    }

    public UpdateTicket Ticket { get; }

    public UpdateHeader Header { get; }

    public float[] Values { get; }

    public byte[] Payload { get; set; }

    /// <summary>Whose bearer token goes with the call.</summary>
    public string Caller { get; set; } = $"{Tenant}:{Device}";

    /// <summary>Takes changed payload bytes as what the device means: the checksum fits them.</summary>
    public TestUpdate Rehashed()
    {
        Header.Checksum = XxHash3.HashToUInt64(Payload);
        return this;
    }

    public UpdateHeader SignedHeader(TicketSigner signer)
    {
        Header.Ticket ??= signer.Sign(Ticket);
        return Header;
    }

    public static RoundPlan Plan(int round = 1, int elements = 1000, ulong epoch = 1) => new(
        new RoundKey(Tenant, "job", round, TaskKind.Train), epoch, Convert.ToHexStringLower(SchemaHash),
        [SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, elements, SectionDenominator.Weight)], "mean",
        elements * sizeof(float), 10);
}
