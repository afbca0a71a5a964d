using Federated.Client.OneByte;
using Federated.Numerics.SharedRandomness;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Client.OneByte;

public sealed class SlopeMeterTests
{
    private const int Dimension = 8;

    private static readonly ModelSchema Schema = new([new("w", [Dimension])]);
    private static readonly OneByteManifest Manifest = new(Schema);
    private static readonly float[] First = [0.5f, -1, 0.25f, 0, 2, -0.5f, 1, 0.125f];
    private static readonly OneByteCode Code = new();

    [Theory]
    [InlineData(NoiseKind.Rademacher)]
    [InlineData(NoiseKind.Binomial16)]
    [InlineData(NoiseKind.Binomial64)]
    [InlineData(NoiseKind.NormalTable)]
    public void Perturb_ManyDirectionsOfAQuadratic_MeanOfSlopeTimesDirectionIsTheGradient(NoiseKind noise)
    {
        const int Count = 100_000;
        OneByteMachine machine = Start(new OneByteSettings(new byte[16], new byte[32], new byte[32], 1)
        {
            Noise = noise,
            Directions = 4000,
            Samples = 16,
            Arithmetic = noise == NoiseKind.NormalTable ? OneByteArithmetic.CanonicalFloat : OneByteArithmetic.FixedPoint,
        });
        var objective = new Quadratic(Dimension);
        double[] gradient = Quadratic.Gradient(First);
        double[] sum = new double[Dimension], squares = new double[Dimension];
        float[] plus = new float[Dimension], minus = new float[Dimension];
        for (int i = 0; i < Count; i++)
        {
            machine.Perturb((uint)(i / 40_000), i % 40_000 / 4000, i % 4000, plus, minus);
            double slope = (objective.Loss(plus, []) - objective.Loss(minus, [])) * 512;
            objective.Batches.Clear();
            for (int j = 0; j < Dimension; j++)
            {
                double z = (plus[j] - minus[j]) * 512;
                sum[j] += slope * z;
                squares[j] += slope * z * slope * z;
            }
        }

        Assert.All(Enumerable.Range(0, Dimension), j =>
        {
            double mean = sum[j] / Count, deviation = Math.Sqrt(((squares[j] / Count) - (mean * mean)) / Count);
            Assert.InRange(mean, gradient[j] - (4 * deviation), gradient[j] + (4 * deviation));
        });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-10)]
    public void Measure_SignsOnAQuadratic_GivesTheExactSlopeWhateverTheEpsilon(int exponent)
    {
        OneByteMachine machine = Start(new OneByteSettings(new byte[16], new byte[32], new byte[32], 1) { Directions = 50, EpsilonExponent = (sbyte)exponent });
        var objective = new Quadratic(Dimension);
        byte[] codes = new byte[50];
        float[] plus = new float[Dimension], minus = new float[Dimension];

        new SlopeMeter(machine.Settings, Manifest, First).Measure(machine, 3, objective, seed: 1, batchSize: 4, codes, TestContext.Current.CancellationToken);

        double[] gradient = Quadratic.Gradient(First);
        for (int p = 0; p < codes.Length; p++)
        {
            machine.Perturb(3, 0, p, plus, minus);
            double slope = Enumerable.Range(0, Dimension).Sum(i => gradient[i] * Math.Sign(plus[i] - minus[i]));
            Assert.Equal(Code.Encode(slope), codes[p]);
        }
    }

    [Fact]
    public void Measure_SamplesAndDirections_BothPassesSeeOneBatchAndSamplesAnother()
    {
        OneByteMachine machine = Start(new OneByteSettings(new byte[16], new byte[32], new byte[32], 1) { Samples = 2, Directions = 2 });
        var objective = new Quadratic(Dimension);

        SlopeFigures figures = new SlopeMeter(machine.Settings, Manifest, First).Measure(
            machine, 0, objective, seed: 1, batchSize: 4, new byte[4], TestContext.Current.CancellationToken);

        Assert.Equal((8, 8), (figures.Passes, figures.Examples));
        Assert.Equal(8, objective.Batches.Count);
        Assert.Equal(2, objective.Batches.Select(batch => string.Join(',', batch)).Distinct().Count());
        Assert.All(objective.Batches.Chunk(4), sample => Assert.Single(sample.Select(batch => string.Join(',', batch)).Distinct()));
    }

    [Fact]
    public void Measure_LossThatIsNotFinite_SendsTheInvalidByte()
    {
        OneByteMachine machine = Start(new OneByteSettings(new byte[16], new byte[32], new byte[32], 1) { Directions = 2 });
        byte[] codes = new byte[2];

        SlopeFigures figures = new SlopeMeter(machine.Settings, Manifest, First).Measure(
            machine, 0, new Infinite(), seed: 1, batchSize: 0, codes, TestContext.Current.CancellationToken);

        Assert.Equal([OneByteCode.Invalid, OneByteCode.Invalid], codes);
        Assert.Equal((2, 0), (figures.Invalid, figures.Saturated));
    }

    private static OneByteMachine Start(OneByteSettings settings) =>
        OneByteMachine.Start(OneByteMachine.Seal(settings, Manifest, First), Manifest, First);

    private sealed class Infinite : Federated.Client.Training.IObjective
    {
        public int ParameterCount => Dimension;

        public int ExampleCount => 1;

        public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => double.NaN;

        public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => double.PositiveInfinity;

        public Federated.Client.Training.Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => default;
    }
}
