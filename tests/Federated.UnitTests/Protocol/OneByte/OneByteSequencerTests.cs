using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Protocol.OneByte;

public sealed class OneByteSequencerTests
{
    private static readonly OneByteSettings Settings = new(new byte[16], new byte[32], new byte[32], LearningRate: 10995116278) { Directions = 2 };

    private readonly OneByteMachine _machine = new(Settings, [10], new long[10]);

    [Fact]
    public void Offer_WhatDoesNotFit_SaysWhyAndChangesNothing()
    {
        var sequencer = new OneByteSequencer(_machine);
        sequencer.Commit(sequencer.Propose());
        ulong now = _machine.Previous;

        Assert.Equal(OneByteVerdict.WrongLength, sequencer.Offer(new(1, 0, now, new byte[] { 1 })));
        Assert.Equal(OneByteVerdict.WrongLength, sequencer.Offer(new(1, 0, now, new byte[3])));
        Assert.Equal(OneByteVerdict.Late, sequencer.Offer(new(0, 0, now, new byte[] { 1, 2 })));
        Assert.Equal(OneByteVerdict.Ahead, sequencer.Offer(new(2, 0, now, new byte[] { 1, 2 })));
        Assert.Equal(OneByteVerdict.OtherLog, sequencer.Offer(new(1, 0, now + 1, new byte[] { 1, 2 })));
        Assert.Equal(0, sequencer.Received);
        Assert.Empty(sequencer.Propose().Machines);
    }

    [Fact]
    public void Offer_TwiceByOneMachine_KeepsTheFirst()
    {
        var sequencer = new OneByteSequencer(_machine);

        Assert.Equal(OneByteVerdict.Taken, sequencer.Offer(new(0, 7, _machine.Previous, new byte[] { 1, 2 })));
        Assert.Equal(OneByteVerdict.Repeated, sequencer.Offer(new(0, 7, _machine.Previous, new byte[] { 3, 4 })));

        Assert.Equal([1, 2], Assert.Single(sequencer.Propose().Machines).Codes.ToArray());
    }

    [Fact]
    public void Commit_OtherRound_Throws()
    {
        var sequencer = new OneByteSequencer(_machine);
        RoundCommitment first = sequencer.Propose();
        sequencer.Commit(first);

        Assert.Throws<InvalidOperationException>(() => sequencer.Commit(first));
    }
}
