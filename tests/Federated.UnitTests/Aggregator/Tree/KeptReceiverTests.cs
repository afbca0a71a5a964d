using System.Buffers;
using System.IO.Hashing;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Tree;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Updates that a node hands over one by one, read by the server.</summary>
public sealed class KeptReceiverTests
{
    private static readonly RoundPlan Plan = new(
        new RoundKey("tenant", "job", 1, TaskKind.Train), 1, "schema", [SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 4, SectionDenominator.Weight)],
        RoundPlan.KeepRule, 16, 2, Timing: AggregationTimings.Lazy);

    private static readonly byte[][] Payloads = [[.. Enumerable.Range(0, 16).Select(i => (byte)i)], [.. Enumerable.Range(0, 16).Select(i => (byte)(2 * i))]];

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void Complete_BytesInPiecesOfAnySize_HasEveryUpdate(int piece)
    {
        KeptReceiver receiver = Claimed(Payloads);
        Send(receiver, Payloads, piece);

        IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)> kept = receiver.Complete();

        Assert.Equal(["a0", "a1"], kept.Select(held => held.Update.AssignmentId));
        Assert.Equal(Payloads, kept.Select(held => held.Payload.Payload.ToArray()));
    }

    [Fact]
    public void Complete_CutShort_SaysHowManyCame()
    {
        KeptReceiver receiver = Claimed(Payloads);
        Send(receiver, [Payloads[0], Payloads[1][..5]], 16);

        Assert.Contains("Of the 2 updates that were claimed 1 came", Assert.Throws<InvalidDataException>(receiver.Complete).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_DamagedByte_IsRefused()
    {
        KeptReceiver receiver = Claimed(Payloads);
        byte[] damaged = [.. Payloads[1]];
        damaged[3] ^= 1;

        Assert.Contains("a1", Assert.Throws<InvalidDataException>(() => Send(receiver, [Payloads[0], damaged], 16)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_MoreBytesThanClaimed_AreRefused()
    {
        KeptReceiver receiver = Claimed(Payloads);

        Assert.Throws<InvalidDataException>(() => Send(receiver, [.. Payloads, [1]], 16));
    }

    [Theory]
    [InlineData(3, 16)]
    [InlineData(1, 17)]
    public void Append_ClaimsOfMoreOrLargerUpdatesThanTheRoundHas_AreRefused(int count, int length) =>
        Assert.Throws<InvalidDataException>(() => Claimed([.. Enumerable.Repeat(new byte[length], count)]));

    private static KeptReceiver Claimed(byte[][] payloads)
    {
        var receiver = new KeptReceiver(Plan);
        UpdateCommitted[] updates = [.. payloads.Select((payload, i) => new UpdateCommitted(
            Plan.Key, $"a{i}", "device", "node", "", payload.Length, XxHash3.HashToUInt64(payload), 1, 1, 0, 0, 0))];
        foreach (UpdateClaims claims in PartialNames.ClaimsOf(updates, []))
        {
            receiver.Append(claims);
        }

        return receiver;
    }

    private static void Send(KeptReceiver receiver, byte[][] payloads, int piece)
    {
        var writer = new KeptWriter([.. payloads.Select(payload => (ReadOnlyMemory<byte>)payload)]);
        byte[] buffer = new byte[piece];
        for (int length = writer.Write(buffer); length > 0; length = writer.Write(buffer))
        {
            receiver.Append(new ReadOnlySequence<byte>(buffer.AsMemory(0, length)));
        }
    }
}
