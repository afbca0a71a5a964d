using Federated.Client.Compression;
using Federated.Protocol.Codecs;
using Federated.UnitTests.Numerics.Compression;

namespace Federated.UnitTests.Compression;

/// <summary>The client's arithmetic, against the recursions written down in float64.</summary>
public sealed class ErrorFeedbackTests
{
    private static readonly float[][] GoldenGradients =
        [[4, -3, 2, 1], [4, -3, 2, 1], [4, -3, 2, 1], [5, -3, 0, 1], [4, -4, 2, 2], [4, -3, 2, 1]];

    [Fact]
    public void EControl_GoldenTraceFromZero_IsExact()
    {
        FeedbackClient client = new("topk:0.25+econtrol", 4, eta: 0.5);

        float[][] sent = [.. GoldenGradients.Select(client.Step)];

        Assert.Equal([[4, 0, 0, 0], [0, -4.5f, 0, 0], [0, 0, 4, 0], [0, 0, -3, 0], [0, 0, 0, 4], [0, 2.5f, 0, 0]], sent);
        Assert.Equal([1, 1, 3, -1], client.First);
        Assert.Equal([4, -2, 1, 4], client.Second);
    }

    [Fact]
    public void EControl_GoldenTraceFromADenseStart_IsExact()
    {
        FeedbackClient client = new("topk:0.25+econtrol", 4, eta: 0.5);
        client.Start(GoldenGradients[0]);

        float[][] sent = [.. GoldenGradients[1..4].Select(client.Step)];

        Assert.Equal([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, -2, 0]], sent);
        Assert.Equal([1, 0, 0, 0], client.First);
        Assert.Equal([4, -3, 0, 1], client.Second);

        sent = [.. GoldenGradients[4..].Select(client.Step)];

        Assert.Equal([[0, 0, 2, 0], [0.5f, 0, 0, 0]], sent);
        Assert.Equal([0.5f, -1, 0, 1], client.First);
        Assert.Equal([4.5f, -3, 2, 1], client.Second);
    }

    [Theory]
    [InlineData("topk:0.05+econtrol")]
    [InlineData("q2:8+econtrol")]
    [InlineData("randk:0.1+econtrol")]
    public void EControl_AnyCompressor_OwesExactlyWhatItsEstimatesLack(string text)
    {
        FeedbackClient client = new(text, 300, eta: 0.05);
        double[] owed = new double[300];
        for (uint t = 0; t < 200; t++)
        {
            float[] g = CompressionData.Gaussian(300, 100 + t);
            client.Step(g);
            for (int i = 0; i < owed.Length; i++)
            {
                owed[i] += g[i] - client.Second[i];
            }
        }

        double largest = owed.Max(Math.Abs);
        for (int i = 0; i < owed.Length; i++)
        {
            Assert.Equal(owed[i], client.First[i], 1e-5 * largest);
        }
    }

    [Fact]
    public void EControl_EtaZero_IsEf21()
    {
        FeedbackClient control = new("topk:0.1+econtrol", 50, eta: 0), ef21 = new("topk:0.1+ef21", 50, eta: 0);
        for (uint t = 0; t < 50; t++)
        {
            float[] g = CompressionData.Gaussian(50, t);

            Assert.Equal(ef21.Step(g), control.Step(g));
        }

        Assert.Equal(ef21.First, control.Second);
    }

    [Theory]
    [InlineData("topk:1+econtrol")]
    [InlineData("topk:1+ef21")]
    [InlineData("topk:1+ec")]
    public void AnyKind_IdentityCompressor_HoldsTheGradientAndOwesNothing(string text)
    {
        // Multiples of 1/4: sums and differences are exact.
        FeedbackClient client = new(text, 64, eta: 0.5);
        for (uint t = 0; t < 20; t++)
        {
            float[] g = [.. CompressionData.Gaussian(64, t).Select(value => MathF.Round(4 * value) / 4)];
            client.Step(g);

            bool isEc = text.EndsWith("+ec", StringComparison.Ordinal);
            float[] estimate = text.EndsWith("econtrol", StringComparison.Ordinal) ? client.Second : client.First;
            Assert.Equal(isEc ? new float[64] : g, estimate);
            Assert.True(client.First.SequenceEqual(estimate) || client.First.All(value => value == 0));
        }
    }

    [Theory]
    [InlineData("topk:0.1+econtrol")]
    [InlineData("randk:0.1+econtrol")]
    [InlineData("sign+econtrol")]
    [InlineData("topk:0.1+ef21-sgdm")]
    public void AnyKind_GradientsTimesFour_EverythingTimesFour(string text)
    {
        FeedbackClient one = new(text, 80, eta: 0.05), four = new(text, 80, eta: 0.05);
        for (uint t = 0; t < 30; t++)
        {
            float[] g = CompressionData.Gaussian(80, t);

            Assert.Equal(one.Step(g).Select(value => 4 * value), four.Step([.. g.Select(value => 4 * value)]));
        }

        Assert.Equal(one.First.Select(value => 4 * value), four.First);
        Assert.Equal(one.Second.Select(value => 4 * value), four.Second);
    }

    [Fact]
    public void EControl_CoordinatesReversed_EverythingReversed()
    {
        FeedbackClient forward = new("topk:0.1+econtrol", 80, eta: 0.05), backward = new("topk:0.1+econtrol", 80, eta: 0.05);
        for (uint t = 0; t < 30; t++)
        {
            float[] g = CompressionData.Gaussian(80, t);

            Assert.Equal(forward.Step(g).Reverse(), backward.Step([.. g.Reverse()]));
        }
    }

    [Fact]
    public void Ef21Momentum_AgainstItsRecursion_Agrees()
    {
        FeedbackClient client = new("topk:0.1+ef21-sgdm", 40, momentum: 0.25);
        double[] v = [.. CompressionData.Gaussian(40, 0).Select(value => (double)value)];
        for (uint t = 0; t < 20; t++)
        {
            float[] g = CompressionData.Gaussian(40, t);
            float[] before = client.First;
            float[] sent = client.Step(g);
            for (int i = 0; i < 40; i++)
            {
                v[i] = t == 0 ? g[i] : (0.75 * v[i]) + (0.25 * g[i]);
                Assert.Equal(v[i], client.Second[i], 1e-6);
                Assert.True(sent[i] == 0 || Math.Abs(sent[i] - (v[i] - before[i])) < 1e-6);
            }
        }
    }

    [Fact]
    public void Classical_AgainstItsRecursion_Agrees()
    {
        FeedbackClient client = new("topk:0.1+ec", 40);
        double[] e = new double[40];
        for (uint t = 0; t < 20; t++)
        {
            float[] g = CompressionData.Gaussian(40, t);
            float[] sent = client.Step(g);
            for (int i = 0; i < 40; i++)
            {
                e[i] += g[i] - (double)sent[i];
                Assert.Equal(e[i], client.First[i], 1e-5);
            }
        }
    }

    [Fact]
    public void EControl_ZeroGradient_StillSendsWhatItOwes()
    {
        FeedbackClient client = new("topk:0.25+econtrol", 4, eta: 0.5);
        client.Step([4, -3, 2, 1]);

        Assert.Contains(client.Step(new float[4]), value => value != 0);
        Assert.All(new FeedbackClient("topk:0.25+econtrol", 4, eta: 0.5).Step(new float[4]), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData("ec", 0)]
    [InlineData("ef21", 1)]
    [InlineData("ef21-sgdm", 1)]
    [InlineData("econtrol", 0)]
    public void Next_AnyLength_SumsWhatIsLostAndOwed(string feedback, int owedKind)
    {
        foreach (int length in (int[])[1, 7, 8, 16, 37, 1000])
        {
            FeedbackKind kind = CompressionSpec.Parse($"q4+{feedback}").Feedback;
            var half = new ErrorFeedback(kind, length, 0.25, 0.2);
            float[] g = CompressionData.Gaussian(length, 1), target = new float[length], sent = CompressionData.Gaussian(length, 3), next = new float[half.StateLength];
            float[] state = CompressionData.Gaussian(half.StateLength, 2);

            double norm = half.Target(g, state, target);
            FeedbackSums sums = half.Next(g, state, target, sent, next);

            double owed = Squares(length, i => owedKind == 0 ? next[i] : (double)g[i] - next[i]);
            Assert.Equal(Squares(length, i => target[i]), norm, 1e-9 * norm);
            Assert.Equal(Squares(length, i => (double)sent[i] - target[i]), sums.Lost, 1e-6 * sums.Lost);
            Assert.Equal(owed, sums.Owed, 1e-6 * owed);

            // One element that is not finite, wherever it is, shows in the sums.
            foreach (int at in (int[])[0, length / 2, length - 1])
            {
                float[] bad = [.. g];
                bad[at] = float.PositiveInfinity;
                Assert.False(double.IsFinite(half.Target(bad, state, target)));
                Assert.False(half.Next(g, state, g, bad, next).IsFinite);
            }
        }

        static double Squares(int length, Func<int, double> of) => Enumerable.Range(0, length).Sum(i => of(i) * of(i));
    }

    /// <summary>One client: compresses, decodes as its server does, remembers.</summary>
    private sealed class FeedbackClient
    {
        private readonly VectorCompressor _compressor;
        private readonly ErrorFeedback _feedback;
        private readonly int _length;
        private float[] _state = [];
        private uint _round;

        public FeedbackClient(string text, int length, double eta = 0.1, double momentum = 0.2)
        {
            var spec = CompressionSpec.Parse(text);
            _length = length;
            _compressor = new VectorCompressor(spec, CompressionLayout.Flat(length));
            _feedback = new ErrorFeedback(spec.Feedback, length, eta, momentum);
        }

        public float[] First => _state.Length == 0 ? new float[_length] : _state[.._length];

        public float[] Second => _state[_length..];

        public float[] Step(float[] g)
        {
            byte[] frame = new byte[FrameLimits.FrameBytes(_length)];
            float[] target = new float[_length];
            double norm = _feedback.Target(g, _state, target);
            Assert.Equal(target.Sum(value => (double)value * value), norm, 1e-9 * (1 + norm));
            _compressor.Compress(target, new CompressionDraw(1, ++_round, 1), frame);
            return Take(g, target, frame);
        }

        public void Start(float[] g)
        {
            byte[] frame = new byte[FrameLimits.FrameBytes(_length)];
            _compressor.WriteDense(g, frame);
            Take(g, g, frame);
        }

        private float[] Take(float[] g, float[] target, byte[] frame)
        {
            float[] sent = new float[_length];
            float[] next = new float[_feedback.StateLength];
            Frames.Decode(frame, sent);
            FeedbackSums sums = _feedback.Next(g, _state, target, sent, next);
            double lost = target.Zip(sent).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2));
            Assert.Equal(lost, sums.Lost, 1e-6 * (1 + lost));
            Assert.True(sums.IsFinite);
            _state = next;
            return sent;
        }
    }
}
