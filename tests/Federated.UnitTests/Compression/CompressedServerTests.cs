using Federated.Numerics;
using Federated.UnitTests.Numerics.Compression;

namespace Federated.UnitTests.Compression;

/// <summary>Server and clients together: what the server's H is worth when clients come, go, fail and forget.</summary>
public sealed class CompressedServerTests
{
    private const int Length = 120;

    [Theory]
    [InlineData("topk:0.05+econtrol")]
    [InlineData("topk:0.05+q4+ef21")]
    [InlineData("sign:8+ef21-sgdm")]
    [InlineData("q2:8+econtrol")]
    public void Step_PartOfTheClients_KeepsTheServersMeanTheClientsMean(string up)
    {
        var federation = new FeedbackFederation(up, Length);
        var random = new CounterRandom(4, RandomPurpose.Test);
        for (int t = 0; t < 60; t++)
        {
            federation.Step(Gradients(t, [.. random.Choose(12, 1 + random.NextInt(5)).Select(client => (uint)client)]));

            AssertMeanOfEstimates(federation, up);
        }

        Assert.Equal(12, federation.Members);
    }

    [Fact]
    public void Step_WeightedClients_KeepsTheWeightedMean()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length, weighting: "examples");
        for (int t = 0; t < 20; t++)
        {
            federation.Step(Gradients(t, [0, 1, (uint)(2 + (t % 5))]), client => 1 + client);
        }

        AssertMeanOfEstimates(federation, "econtrol", client => 1 + client);
    }

    [Fact]
    public void Step_ClientClaimsAnotherWeight_KeepsTheOneItJoinedWith()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length, weighting: "examples");
        federation.Step(Gradients(0, [0, 1]), client => 1 + client);
        federation.Step(Gradients(1, [0, 1]), _ => 50);

        AssertMeanOfEstimates(federation, "econtrol", client => 1 + client);
    }

    [Fact]
    public void Step_FullParticipation_TheVirtualIterateIsPlainDescent()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length, settings => settings.Start = "zero");
        double[] plain = new double[Length];
        for (int t = 0; t < 300; t++)
        {
            Dictionary<uint, float[]> gradients = Gradients(t, [0, 1, 2, 3]);
            federation.Step(gradients);
            for (int i = 0; i < Length; i++)
            {
                plain[i] += gradients.Values.Average(g => (double)g[i]);
                double error = Enumerable.Range(0, 4).Average(client => (double)federation.Memory((uint)client)![i]);

                // x + mean e is what descent without compression would have reached.
                Assert.Equal(plain[i], federation.X[i] + error, 1e-5 * (1 + Math.Abs(plain[i])));
            }
        }
    }

    [Fact]
    public void Step_AnswerLostOnTheWay_BothSidesStayTogether()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length);
        for (int t = 0; t < 40; t++)
        {
            federation.Step(Gradients(t, [0, 1, 2]), unanswered: t % 3 == 0 ? new HashSet<uint> { 1 } : null);

            AssertMeanOfEstimates(federation, "econtrol");
        }
    }

    [Fact]
    public void Step_AfterLostAnswersAndALostState_TheVirtualIterateIsPlainDescentAgain()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length);
        uint[] all = [0, 1, 2];
        for (int t = 0; t < 21; t++)
        {
            if (t == 10)
            {
                federation.Lose(2);
            }

            federation.Step(Gradients(t, all), unanswered: t % 3 == 1 ? new HashSet<uint> { (uint)(t % 2) } : null);
        }

        for (int t = 21; t < 60; t++)
        {
            Dictionary<uint, float[]> gradients = Gradients(t, all);
            double[] before = Virtual();
            Assert.Empty(federation.Step(gradients));
            double[] after = Virtual();

            AssertMeanOfEstimates(federation, "econtrol");
            for (int i = 0; i < Length; i++)
            {
                Assert.Equal(gradients.Values.Average(g => (double)g[i]), after[i] - before[i], 1e-5 * (1 + Math.Abs(after[i])));
            }
        }

        double[] Virtual() => [.. Enumerable.Range(0, Length).Select(i => federation.X[i] + all.Average(client => (double)federation.Memory(client)![i]))];
    }

    [Fact]
    public void Step_ClientForgets_AllBeginAnewAndTheMeanHoldsAgain()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length);
        for (int t = 0; t < 10; t++)
        {
            federation.Step(Gradients(t, [0, 1, 2]));
        }

        federation.Lose(1);
        IReadOnlyList<uint> lost = federation.Step(Gradients(10, [0, 1, 2]));
        Assert.Equal([1u], lost);
        Assert.Equal(0, federation.Members);

        for (int t = 11; t < 20; t++)
        {
            Assert.Empty(federation.Step(Gradients(t, [0, 1, 2])));
            AssertMeanOfEstimates(federation, "econtrol");
        }
    }

    [Fact]
    public void Step_OnlyClientForgets_TheAbandonedRoundFreesTheJob()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length);
        federation.Step(Gradients(0, [0]));
        federation.Lose(0);

        Assert.Equal([0u], federation.Step(Gradients(1, [0])));
        Assert.Empty(federation.Step(Gradients(2, [0])));
        AssertMeanOfEstimates(federation, "econtrol");
    }

    [Fact]
    public void Step_ClientComesBackWithAnOldState_IsNotBelieved()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length);
        federation.Step(Gradients(0, [0, 1]));
        float[] old = federation.Memory(0)!;
        federation.Step(Gradients(1, [0, 1]));
        federation.Restore(0, old, round: 1);

        Assert.Equal([0u], federation.Step(Gradients(2, [0, 1])));
    }

    [Fact]
    public void Step_ServerGoesBackToAnOlderState_ClientsAreAskedToBeginAnew()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length);
        federation.Step(Gradients(0, [0, 1]));
        byte[] old = federation.Server.SaveState()!;
        federation.Step(Gradients(1, [0, 1]));
        federation.Server.LoadState(old);
        federation.Server.BeginEpoch(1);

        Assert.Empty(federation.Step(Gradients(2, [0, 1])));
        AssertMeanOfEstimates(federation, "econtrol");
    }

    [Fact]
    public void Step_ResyncDue_EveryEstimateIsTheGradient()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length, settings => settings.ResyncRounds = 5);
        for (int t = 0; t < 5; t++)
        {
            federation.Step(Gradients(t, [0, 1, 2]));
        }

        Dictionary<uint, float[]> gradients = Gradients(5, [0, 1, 2]);
        federation.Step(gradients);

        foreach ((uint client, float[] g) in gradients)
        {
            Assert.All(federation.Memory(client)![..Length], error => Assert.Equal(0, error));
            Assert.Equal(g, federation.Memory(client)![Length..]);
        }

        for (int i = 0; i < Length; i++)
        {
            Assert.Equal(gradients.Values.Average(g => (double)g[i]), federation.Estimate[i], 1e-6);
        }
    }

    [Theory]
    [InlineData("topk:0.05+econtrol")]
    [InlineData("randk:0.1+ef21-sgdm")]
    [InlineData("q4s:8+ec")]
    public void Reload_InTheMiddle_GoesOnBitForBit(string up)
    {
        var whole = new FeedbackFederation(up, Length);
        var broken = new FeedbackFederation(up, Length);
        for (int t = 0; t < 30; t++)
        {
            whole.Step(Gradients(t, [0, 1, (uint)(t % 4)]));
            broken.Step(Gradients(t, [0, 1, (uint)(t % 4)]));
            if (t % 7 == 3)
            {
                broken.Reload();
            }
        }

        Assert.Equal(whole.X, broken.X);
        Assert.Equal(whole.Memory(0), broken.Memory(0));
    }

    [Fact]
    public void Load_DamagedState_IsRefused()
    {
        var federation = new FeedbackFederation("topk:0.05+econtrol", Length);
        federation.Step(Gradients(0, [0]));
        byte[] state = federation.Server.SaveState()!;
        state[40] ^= 1;

        Assert.Throws<InvalidDataException>(() => federation.Server.LoadState(state));
    }

    private static Dictionary<uint, float[]> Gradients(int round, uint[] clients) => clients.Distinct().ToDictionary(
        client => client,
        client => CompressionData.Gaussian(Length, (1000UL * (ulong)round) + client).Select((value, i) => (0.1f * value) + MathF.Sin(client + i)).ToArray());

    private static void AssertMeanOfEstimates(FeedbackFederation federation, string up, Func<uint, double>? weightOf = null)
    {
        int at = up.EndsWith("econtrol", StringComparison.Ordinal) ? Length : 0;
        (uint Client, float[] Memory)[] known = [.. Enumerable.Range(0, 20).Select(client => (uint)client)
            .Where(client => federation.Memory(client) is not null).Select(client => (client, federation.Memory(client)!))];
        double total = known.Sum(pair => weightOf?.Invoke(pair.Client) ?? 1);
        for (int i = 0; i < Length; i++)
        {
            double mean = known.Sum(pair => (weightOf?.Invoke(pair.Client) ?? 1) * pair.Memory[at + i]) / total;
            Assert.Equal(mean, federation.Estimate[i], 1e-5);
        }
    }
}
