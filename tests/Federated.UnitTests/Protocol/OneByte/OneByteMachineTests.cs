using Federated.Numerics.SharedRandomness;
using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Protocol.OneByte;

public sealed class OneByteMachineTests
{
    private const int Length = 1000;

    private static readonly OneByteSettings Golden = new(new byte[16], new byte[32], new byte[32], LearningRate: 10995116278);

    [Theory]
    [InlineData(NoiseKind.Rademacher, "5157fc91b7612128fba58cb6d009e2d840ec60b0845b0b4cec4df79d44d636da")]
    [InlineData(NoiseKind.Binomial16, "295c2bb964f5e03b212c6c2a9d03791a9f9e46557d541b8b48607eebb7212079")]
    public void Apply_GoldenLog_EndsInTheKnownState(NoiseKind noise, string expected)
    {
        OneByteMachine machine = Machine(Golden with { Noise = noise });

        Run(machine, rounds: 10);

        Assert.Equal(expected, Convert.ToHexStringLower(machine.StateHash()));
    }

    [Fact]
    public void Apply_MessagesInAnyOrder_SameStateAndLog()
    {
        OneByteMachine forward = Machine(Golden), backward = Machine(Golden);
        for (uint t = 0; t < 10; t++)
        {
            GradientBytes[] sent = Messages(forward, t);

            Assert.True(forward.Apply(RoundCommitment.Of(t, forward.Previous, sent, 1)));
            Assert.True(backward.Apply(RoundCommitment.Of(t, backward.Previous, sent.Reverse().Concat(sent), 1)));
        }

        Assert.Equal(forward.StateHash(), backward.StateHash());
        Assert.Equal(forward.Previous, backward.Previous);
    }

    [Fact]
    public void Latecomer_FromTheLogOrACheckpointAndItsTail_EndsWithTheSameBits()
    {
        OneByteMachine veteran = Machine(Golden);
        List<byte[]> log = Run(veteran, rounds: 6);
        byte[] checkpoint = veteran.Checkpoint();
        List<byte[]> tail = Run(veteran, rounds: 6);

        OneByteMachine replayed = Machine(Golden), restored = Machine(Golden);
        restored.Restore(checkpoint);
        Assert.All(log.Concat(tail), record => Assert.True(replayed.Apply(RoundCommitment.Read(record)!)));
        Assert.All(tail, record => Assert.True(restored.Apply(RoundCommitment.Read(record)!)));

        Assert.Equal(veteran.StateHash(), replayed.StateHash());
        Assert.Equal(veteran.StateHash(), restored.StateHash());
        Assert.Equal(veteran.Previous, restored.Previous);
    }

    [Fact]
    public void Apply_OtherRoundOrOtherLog_ChangesNothing()
    {
        OneByteMachine machine = Machine(Golden);
        Run(machine, rounds: 2);
        byte[] state = machine.StateHash();

        Assert.False(machine.Apply(RoundCommitment.Of(5, machine.Previous, [], 1)));
        Assert.False(machine.Apply(RoundCommitment.Of(2, machine.Previous + 1, [], 1)));
        Assert.Equal(state, machine.StateHash());
    }

    [Fact]
    public void Apply_NobodyOrInvalidBytesOnly_MovesTheLogAlone()
    {
        OneByteMachine machine = Machine(Golden);
        byte[] state = machine.StateHash();

        Assert.True(machine.Apply(RoundCommitment.Of(0, machine.Previous, [], 1)));
        Assert.True(machine.Apply(RoundCommitment.Of(1, machine.Previous, [new GradientBytes(1, 0, machine.Previous, new byte[] { OneByteCode.Invalid })], 1)));

        Assert.Equal(2u, machine.Round);
        Assert.Equal(state, machine.StateHash());
    }

    [Fact]
    public void Apply_SenderThatUsesItsOwnFloat_IsFoundByTheStateHash()
    {
        // A sender that moved its weights by the scalar 1.5 instead of the value of the byte that stands for it.
        OneByteMachine honest = Machine(Golden);
        var code = new OneByteCode();
        byte sent = code.Encode(1.5);
        honest.Apply(RoundCommitment.Of(0, honest.Previous, [new GradientBytes(0, 0, honest.Previous, new[] { sent })], 1));
        long[] own = new long[Length];
        FixedPointUpdate.Apply(own, NoiseKind.Rademacher, new DirectionKey(0x01234567, 0x89ABCDEF, 0, 0), 0, (long)Math.Round(1.5 * Golden.LearningRate));

        Assert.NotEqual(1.5, code.Decode(sent));
        Assert.False(honest.Master.SequenceEqual(own));
    }

    [Fact]
    public void Apply_SquareRootNormalisation_DividesByTheRoot()
    {
        OneByteMachine mean = Machine(Golden), root = Machine(Golden with { Normalisation = OneByteNormalisation.SquareRoot });
        Run(mean, rounds: 1);
        Run(root, rounds: 1);

        // Two bytes: the mean divides by 2, the root by 1.41.
        Assert.Equal(Math.Sqrt(2), (double)root.Master[0] / mean.Master[0], 1e-4);
    }

    [Fact]
    public void ToBytes_Messages_AreOneByteAGradientAndRoundTrip()
    {
        var sent = new GradientBytes(7, 300, 0x1122334455667788, new byte[] { 1, 2, 3 });
        RoundCommitment commitment = RoundCommitment.Of(7, 0x1122334455667788, [sent], 3);

        byte[] bytes = sent.ToBytes();
        Assert.Equal("070000002c0100008877665544332211" + "0300" + "010203", Convert.ToHexStringLower(bytes));
        Assert.Equal(3, bytes.Length - GradientBytes.FramingBytes);
        Assert.Equal(bytes, GradientBytes.Read(bytes)!.ToBytes());
        Assert.Equal("07000000" + "0100" + "ac02" + "0300" + "010203" + "8877665544332211", Convert.ToHexStringLower(commitment.ToBytes()));
        Assert.Equal(commitment.ToBytes(), RoundCommitment.Read(commitment.ToBytes())!.ToBytes());
        Assert.Equal(OneByteSettings.Bytes, Golden.ToBytes().Length);
    }

    [Fact]
    public void Read_CutOrTurnedBytes_NeverThrows()
    {
        byte[] good = RoundCommitment.Of(7, 1, [new GradientBytes(7, 300, 1, new byte[] { 1, 2, 3 }), new GradientBytes(7, 5, 1, new byte[] { 4, 5, 6 })], 3).ToBytes();
        for (int cut = 0; cut < good.Length; cut++)
        {
            Assert.Null(RoundCommitment.Read(good.AsSpan(0, cut)));
            Assert.Null(GradientBytes.Read(good.AsSpan(0, Math.Min(cut, 17))));
        }

        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0xFF;
            RoundCommitment.Read(bad);
        }
    }

    private static OneByteMachine Machine(OneByteSettings settings) => new(settings, [Length], new long[Length], (0x01234567, 0x89ABCDEF));

    private static GradientBytes[] Messages(OneByteMachine machine, uint t) =>
        [.. Enumerable.Range(0, 2).Select(m => new GradientBytes(t, (uint)m, machine.Previous, new[] { (byte)((37 * t) + (101 * m) + 5) }))];

    private static List<byte[]> Run(OneByteMachine machine, int rounds)
    {
        var log = new List<byte[]>();
        for (int i = 0; i < rounds; i++)
        {
            RoundCommitment commitment = RoundCommitment.Of(machine.Round, machine.Previous, Messages(machine, machine.Round), 1);
            log.Add(commitment.ToBytes());
            Assert.True(machine.Apply(commitment));
        }

        return log;
    }
}
