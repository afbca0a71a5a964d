using Federated.Numerics.SharedRandomness;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Protocol.OneByte;

/// <summary>Momentum, float weights and pools of directions, over a model of two tensors and a frozen one.</summary>
public sealed class OneByteWeightsTests
{
    private static readonly ModelSchema Schema = new(
        [new("a.weight", [7, 30]), new("frozen", [11], Trainable: false), new("b", [129])]);

    private static readonly OneByteManifest Manifest = new(Schema);
    private static readonly float[] First = [.. Enumerable.Range(0, Schema.ParameterCount).Select(i => MathF.Sin(i))];
    private static readonly OneByteSettings Fixed = new(new byte[16], new byte[32], new byte[32], LearningRate: 10995116278) { Directions = 3 };

    public static TheoryData<OneByteSettings> All =>
    [
        Fixed,
        Fixed with { Momentum = 58982 },
        Fixed with { Arithmetic = OneByteArithmetic.CanonicalFloat },
        Fixed with { Arithmetic = OneByteArithmetic.CanonicalFloat, Momentum = 58982, Noise = NoiseKind.Binomial16 },
        Fixed with { Arithmetic = OneByteArithmetic.CanonicalFloat, Noise = NoiseKind.NormalTable },
        Fixed with { Arithmetic = OneByteArithmetic.CanonicalFloat, Momentum = 58982, Noise = NoiseKind.NormalTable },
        Fixed with { Pool = 16 },
        Fixed with { Pool = 5, Noise = NoiseKind.Binomial64, Normalisation = OneByteNormalisation.SquareRoot },
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Latecomer_ByLogOrByCheckpoint_HoldsTheSameBits(OneByteSettings settings)
    {
        OneByteMachine veteran = Start(settings), replayed = Start(settings), restored = Start(settings);
        List<RoundCommitment> log = Run(veteran, 9);
        byte[] checkpoint = veteran.Checkpoint();
        List<RoundCommitment> tail = Run(veteran, 5);

        restored.Restore(checkpoint);
        Assert.All(log.Concat(tail), record => Assert.True(replayed.Apply(record)));
        Assert.All(tail, record => Assert.True(restored.Apply(record)));

        Assert.Equal(veteran.StateHash(), replayed.StateHash());
        Assert.Equal(veteran.StateHash(), restored.StateHash());
        Assert.True(veteran.LogHash.SequenceEqual(restored.LogHash));
        Assert.NotEqual(Start(settings).StateHash(), veteran.StateHash());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Apply_SeveralRounds_IsTheFloatRecursion(OneByteSettings settings)
    {
        // The same in double, without shared code: velocity ← μ velocity + mean(g z), θ ← θ − η velocity.
        OneByteMachine machine = Start(settings);
        double[] theta = new double[Manifest.Elements], velocity = new double[theta.Length];
        float[] flat = new float[theta.Length], plus = new float[theta.Length], minus = new float[theta.Length];
        Manifest.Gather(First, flat);
        for (int i = 0; i < theta.Length; i++)
        {
            theta[i] = flat[i];
        }

        var code = new OneByteCode();
        double mu = settings.Momentum / 65536.0, eta = settings.LearningRate / Math.Pow(2, 40);
        for (uint t = 0; t < 6; t++)
        {
            GradientBytes[] sent = Messages(machine);
            double divisor = settings.Normalisation == OneByteNormalisation.Mean ? 6 : Math.Sqrt(6);
            for (int i = 0; i < theta.Length; i++)
            {
                velocity[i] *= mu;
            }

            foreach (GradientBytes message in sent)
            {
                for (int p = 0; p < 3; p++)
                {
                    machine.Perturb(message.Machine, 0, p, plus, minus);
                    for (int i = 0; i < theta.Length; i++)
                    {
                        double z = (plus[i] - minus[i]) * 512.0;
                        velocity[i] += code.Decode(message.Codes.Span[p]) * (settings.Noise == NoiseKind.NormalTable ? z : Math.Round(z * 4) / 4) / divisor;
                    }
                }
            }

            for (int i = 0; i < theta.Length; i++)
            {
                theta[i] -= eta * velocity[i];
            }

            Assert.True(machine.Apply(RoundCommitment.Of(t, machine.Previous, sent, 3)));
        }

        machine.CopyTo(flat);
        Assert.All(Enumerable.Range(0, theta.Length), i => Assert.Equal(theta[i], flat[i], 1e-4));
    }

    [Fact]
    public void Apply_OnlyInvalidBytes_KeepsTheVelocity()
    {
        OneByteMachine machine = Start(Fixed with { Momentum = 32768 });
        Run(machine, 2);
        byte[] state = machine.StateHash();

        Assert.True(machine.Apply(RoundCommitment.Of(machine.Round, machine.Previous, [new(machine.Round, 4, machine.Previous, new byte[] { 0x80, 0x80, 0x80 })], 3)));

        Assert.Equal(state, machine.StateHash());
    }

    [Fact]
    public void Checkpoint_OfAPool_HasEightBytesADirection()
    {
        OneByteMachine machine = Start(Fixed with { Pool = 16 });
        Run(machine, 20);

        Assert.Equal(36 + (8 * 16), machine.Checkpoint().Length);
    }

    [Fact]
    public void Start_OtherModel_IsRefused()
    {
        OneByteSettings settings = OneByteMachine.Seal(Fixed, Manifest, First);
        float[] other = [.. First];
        other[3] += 1;

        Assert.Throws<InvalidDataException>(() => OneByteMachine.Start(settings, Manifest, other));
        Assert.Throws<InvalidDataException>(() => OneByteMachine.Start(settings, new OneByteManifest(new([new("other", [350])])), First));
    }

    [Fact]
    public void Scatter_GatheredTensors_LeavesTheFrozenOnes()
    {
        float[] weights = new float[Manifest.Elements], all = new float[Schema.ParameterCount];
        Manifest.Gather(First, weights);
        Manifest.Scatter(weights, all);

        Assert.Equal(339, Manifest.Elements);
        Assert.False(Manifest.IsWhole);
        Assert.Equal(First[..210], all[..210]);
        Assert.Equal(new float[11], all[210..221]);
        Assert.Equal(First[221..], all[221..]);
    }

    private static OneByteMachine Start(OneByteSettings settings) =>
        OneByteMachine.Start(OneByteMachine.Seal(settings, Manifest, First), Manifest, First);

    private static GradientBytes[] Messages(OneByteMachine machine) =>
    [
        .. Enumerable.Range(0, 2).Select(m => new GradientBytes(
            machine.Round, (uint)m, machine.Previous, new[] { (byte)(0x30 + machine.Round + m), (byte)(0xB4 + (2 * m)), (byte)0x38 })),
    ];

    private static List<RoundCommitment> Run(OneByteMachine machine, int rounds)
    {
        var log = new List<RoundCommitment>();
        for (int i = 0; i < rounds; i++)
        {
            log.Add(RoundCommitment.Of(machine.Round, machine.Previous, Messages(machine), 3));
            Assert.True(machine.Apply(log[^1]));
        }

        return log;
    }
}
