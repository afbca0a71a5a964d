using Federated.Aggregation.ServerOptimizers;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation;

public sealed class ServerOptimizerTests
{
    private const int Length = 67;
    private const int Rounds = 12;

    public static TheoryData<string> Names => [.. ServerOptimizerNames.All];

    [Theory]
    [InlineData("sgd", 0.7, 0, false, 0)]
    [InlineData("momentum", 1, 0.9, false, 0)]
    [InlineData("adam", 0.1, 0.9, false, 0)]
    [InlineData("adam", 0.1, 0.9, true, 0)]
    [InlineData("adam", 0.1, 0.8, false, 1e-4)]
    [InlineData("yogi", 0.01, 0.9, false, 1e-6)]
    [InlineData("adagrad", 0.1, 0, false, 0)]
    [InlineData("adagrad", 0.1, 0.5, false, 0)]
    public void Step_ManyRounds_EqualsTheDoubleReference(string name, double rate, double momentum, bool correct, double v0)
    {
        ServerOptimizer optimizer = ServerOptimizerFactory.Create(name, Length, rate, momentum, biasCorrection: correct, initialSecondMoment: v0);
        float[] parameters = new float[Length];
        double[] x = new double[Length], m = new double[Length], v = new double[Length];
        Array.Fill(v, v0);

        for (int round = 1; round <= Rounds; round++)
        {
            float[] delta = Delta(round);
            optimizer.Step(parameters, delta);
            double step = correct ? rate * Math.Sqrt(1 - Math.Pow(0.99, round)) / (1 - Math.Pow(momentum, round)) : rate;
            for (int i = 0; i < Length; i++)
            {
                double d = delta[i], square = d * d;
                m[i] = (momentum * m[i]) + (name is "momentum" ? d : (1 - momentum) * d);
                v[i] = name switch
                {
                    "adam" => (0.99 * v[i]) + (0.01 * square),
                    "yogi" => v[i] - (0.01 * square * Math.Sign(v[i] - square)),
                    _ => v[i] + square,
                };
                x[i] += name switch
                {
                    "sgd" => rate * d,
                    "momentum" => rate * m[i],
                    _ => step * m[i] / (Math.Sqrt(v[i]) + 1e-3),
                };
            }
        }

        Assert.Equal(Rounds, optimizer.Steps);
        for (int i = 0; i < Length; i++)
        {
            Assert.Equal(x[i], parameters[i], 2e-5 * (1 + Math.Abs(x[i])));
        }
    }

    [Fact]
    public void Step_MomentumZeroAndRateOne_IsThePlainAverage()
    {
        float[] plain = Delta(0), other = Delta(0), delta = Delta(1);
        float[] expected = [.. plain.Zip(delta, (x, d) => x + d)];

        ServerOptimizerFactory.Create("sgd", Length).Step(plain, delta);
        ServerOptimizerFactory.Create("momentum", Length, momentum: 0).Step(other, delta);

        Assert.Equal(expected, plain);
        Assert.Equal(expected, other);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ImportState_AfterSomeRounds_GoesOnWithTheSameBits(string name)
    {
        ServerOptimizer straight = ServerOptimizerFactory.Create(name, Length), resumed = ServerOptimizerFactory.Create(name, Length);
        float[] x = new float[Length];
        straight.Step(x, Delta(1));
        straight.Step(x, Delta(2));
        float[] y = [.. x];

        resumed.ImportState(straight.ExportState());
        straight.Step(x, Delta(3));
        resumed.Step(y, Delta(3));

        Assert.Equal(x, y);
        Assert.Equal(3, resumed.Steps);
    }

    [Fact]
    public void ExportState_KnownState_GivesTheFrozenBytes()
    {
        // The frozen bytes: to change the layout, raise OptimizerStateFormat.Version and keep reading these.
        const string frozen = "46534F53010001006D6F6D656E74756D0100000000000000020000000000000000000040000080BF";
        ServerOptimizer optimizer = ServerOptimizerFactory.Create("momentum", 2);
        optimizer.Step(new float[2], [2, -1]);

        byte[] state = optimizer.ExportState();

        Assert.Equal(frozen, Convert.ToHexString(state.AsSpan(0, state.Length - 8)));
    }

    [Fact]
    public void ImportState_OtherOrDamagedState_IsRefusedAndChangesNothing()
    {
        ServerOptimizer optimizer = ServerOptimizerFactory.Create("adam", 4);
        optimizer.Step(new float[4], [1, 2, 3, 4]);
        byte[] good = optimizer.ExportState();
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 1;
            Assert.Throws<InvalidDataException>(() => optimizer.ImportState(bad));
            Assert.Throws<InvalidDataException>(() => optimizer.ImportState(good.AsSpan(0, i)));
        }

        var exception = Assert.Throws<InvalidDataException>(() => optimizer.ImportState(ServerOptimizerFactory.Create("yogi", 4).ExportState()));
        Assert.Contains("'yogi' of 4", exception.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => optimizer.ImportState(ServerOptimizerFactory.Create("adam", 5).ExportState()));
        Assert.Equal(good, optimizer.ExportState());
    }

    [Theory]
    [InlineData("rmsprop", null, null, 0.99, 1e-3, false, "sgd, momentum, adam, yogi, adagrad")]
    [InlineData("sgd", 0.0, null, 0.99, 1e-3, false, "learning rate is 0")]
    [InlineData("momentum", null, 1.0, 0.99, 1e-3, false, "momentum is 1")]
    [InlineData("adam", null, null, 1.0, 1e-3, false, "beta2 is 1")]
    [InlineData("yogi", null, null, 0.9, 0.0, false, "tau is 0")]
    [InlineData("sgd", null, 0.5, 0.9, 1e-3, false, "use 'momentum'")]
    [InlineData("yogi", null, null, 0.9, 1e-3, true, "only 'adam'")]
    public void Create_BadSettings_SaysWhatIsWrong(string name, double? rate, double? momentum, double beta2, double tau, bool correct, string message)
    {
        var exception = Assert.Throws<ArgumentException>(() => ServerOptimizerFactory.Create(name, 1, rate, momentum, beta2, tau, correct));

        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_OtherLengths_AreRefused()
    {
        ServerOptimizer optimizer = ServerOptimizerFactory.Create("sgd", 3);

        Assert.Throws<ArgumentException>(() => optimizer.Step(new float[3], new float[2]));
        Assert.Equal(0, optimizer.Steps);
    }

    private static float[] Delta(int round)
    {
        float[] delta = new float[Length];
        new CounterRandom(11, RandomPurpose.Test, (uint)round).FillGaussian(delta, 0, 0.5);
        delta[3] = 0;
        return delta;
    }
}
