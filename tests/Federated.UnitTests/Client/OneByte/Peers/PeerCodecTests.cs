using Federated.Client.OneByte.Peers;
using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Client.OneByte.Peers;

public sealed class PeerCodecTests
{
    private static readonly RoundCommitment Record = RoundCommitment.Of(7, 0x1122334455667788, [new GradientBytes(7, 300, 0x1122334455667788, new byte[] { 1, 2 })], 2);

    private static readonly PeerMessage[] All =
    [
        new PeerMessage.Gradients(7, 0x1122334455667788, 2, new byte[] { 1, 2 }, -1, null),
        new PeerMessage.Gradients(7, 0x1122334455667788, 2, default, 1, Record),
        new PeerMessage.Propose(3, Record),
        new PeerMessage.Accept(7, 3),
        new PeerMessage.Commit(Record),
        new PeerMessage.Sync(7, 0x1122334455667788),
        new PeerMessage.Checkpoint([0, 2], new byte[] { 9, 8 }),
        new PeerMessage.State(64, new byte[32]),
    ];

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        foreach (PeerMessage message in All)
        {
            byte[] bytes = PeerCodec.Write(message);

            Assert.Equal(bytes, PeerCodec.Write(PeerCodec.Read(bytes)!));
        }
    }

    [Fact]
    public void Read_CutOrTurnedBytes_NeverThrows()
    {
        foreach (byte[] good in All.Select(PeerCodec.Write))
        {
            for (int at = 0; at < good.Length; at++)
            {
                PeerCodec.Read(good.AsSpan(0, at));
                byte[] bad = [.. good];
                bad[at] ^= 0xFF;
                PeerCodec.Read(bad);
            }
        }

        Assert.Null(PeerCodec.Read([]));
        Assert.Null(PeerCodec.Read([99]));
    }
}
