using Federated.Coordination.Selection;
using Federated.Protocol.Jobs;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Selection;

public sealed class SelectionTests
{
    private const int Draws = 4000;

    [Theory]
    [InlineData("uniform")]
    [InlineData("data")]
    [InlineData("power-of-choice")]
    [InlineData("oort")]
    public void Select_AnyStrategy_IsDistinctAscendingAndFixedByTheSeed(string name)
    {
        int[] first = Make(name).Select(Key(5), 0, Candidates(50), 20);

        Assert.Equal(first, Make(name).Select(Key(5), 0, Candidates(50), 20));
        Assert.Equal(first.Distinct().Order(), first);
        Assert.Equal(20, first.Length);
        Assert.NotEqual(first, Make(name).Select(Key(6), 0, Candidates(50), 20));
        Assert.Equal(Enumerable.Range(0, 5), Make(name).Select(Key(1), 0, Candidates(5), 5));
    }

    [Theory]
    [InlineData("data")]
    [InlineData("power-of-choice")]
    [InlineData("oort")]
    public void Select_Evaluation_IsThatOfUniform(string name)
    {
        ISelectionStrategy strategy = Make(name);
        Observe(strategy, 30, client => (1 + (100 * client), client, client));
        var round = new RoundKey("default", "job", 3, TaskKind.Evaluate);

        Assert.Equal(Make("uniform").Select(round, 0, Candidates(30), 5), strategy.Select(round, 0, Candidates(30), 5));
    }

    [Fact]
    public void Data_ManyDraws_FollowTheExamples()
    {
        ISelectionStrategy strategy = Make("data");
        Observe(strategy, 4, client => (10 * (client + 1), 1, 1));

        double[] shares = Shares(strategy, clients: 4, count: 1);

        // A client nobody has seen would count as the mean; these have 10, 20, 30 and 40 of 100 examples.
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal((i + 1) / 10.0, shares[i], 0.03);
        }
    }

    [Fact]
    public void Data_UnknownClient_CountsAsTheMean()
    {
        ISelectionStrategy strategy = Make("data");
        Observe(strategy, 2, client => (client == 0 ? 10 : 30, 1, 1));

        Assert.Equal(20 / 60.0, Shares(strategy, clients: 3, count: 1)[2], 0.03);
    }

    [Fact]
    public void PowerOfChoice_KnownLosses_PrefersTheHighestOfTheDrawn()
    {
        ISelectionStrategy strategy = Make("power-of-choice:factor=2");
        Observe(strategy, 4, client => (10, client, 1));

        double[] shares = Shares(strategy, clients: 4, count: 1);

        // Of two drawn among four alike the one with the higher loss is taken: 0, 1/6, 2/6 and 3/6.
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(i / 6.0, shares[i], 0.03);
        }
    }

    [Fact]
    public void PowerOfChoice_NeverCounted_ComesFirst()
    {
        ISelectionStrategy strategy = Make("power-of-choice:factor=1000");
        Observe(strategy, 9, client => (10, 100, 1));

        Assert.Contains(9, strategy.Select(Key(2), 0, Candidates(10), 1));
    }

    [Fact]
    public void Oort_AllSeen_DrawsThoseOfHighUtility()
    {
        ISelectionStrategy strategy = Make("oort:exploration=0");
        Observe(strategy, 20, client => (10, client < 15 ? 0.1 : 2, 1));

        int[] chosen = strategy.Select(Key(2), 0, Candidates(20), 4);

        Assert.All(chosen, client => Assert.InRange(client, 15, 19));
    }

    [Fact]
    public void Oort_SlowClients_AreAvoided()
    {
        ISelectionStrategy strategy = Make("oort:exploration=0,alpha=2,quantile=0.5");
        Observe(strategy, 20, client => (10, 1, client < 10 ? 1 : 30));

        Assert.All(strategy.Select(Key(2), 0, Candidates(20), 5), client => Assert.InRange(client, 0, 9));
        Assert.Contains(Make("oort:exploration=0,alpha=0") is var fair ? Watched(fair) : [], client => client >= 10);

        static int[] Watched(ISelectionStrategy strategy)
        {
            Observe(strategy, 20, client => (10, 1, client < 10 ? 1 : 30));
            return strategy.Select(Key(2), 0, Candidates(20), 8);
        }
    }

    [Fact]
    public void Oort_Exploration_TakesItsShareOfTheUnseen()
    {
        ISelectionStrategy strategy = Make("oort:exploration=0.5");
        Observe(strategy, 20, _ => (10, 1, 1));

        Assert.Equal(5, strategy.Select(Key(1), 0, Candidates(40), 10).Count(client => client >= 20));
    }

    [Fact]
    public void Oort_NothingSeenYet_IsUniform()
    {
        double[] shares = Shares(Make("oort"), clients: 10, count: 3);

        Assert.All(shares, share => Assert.Equal(0.3, share, 0.03));
    }

    [Theory]
    [InlineData("magic", "known are uniform")]
    [InlineData("oort:speed=1", "oort:exploration=0.9,alpha=2,quantile=0.5")]
    [InlineData("oort:exploration=2", "in [0, 1]")]
    [InlineData("uniform:x=1", "no parameter of uniform")]
    public void Validate_UnknownOrOutOfRange_SaysWhatThereIs(string text, string expected)
    {
        JobDefinitionError error = Assert.Single(Selections.Validate(Job(text)));

        Assert.Equal("round.selection", error.Path);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static double[] Shares(ISelectionStrategy strategy, int clients, int count)
    {
        double[] shares = new double[clients];
        for (int round = 1; round <= Draws; round++)
        {
            foreach (int position in strategy.Select(Key(round), 0, Candidates(clients), count))
            {
                shares[position] += 1.0 / Draws;
            }
        }

        return shares;
    }

    private static void Observe(ISelectionStrategy strategy, int clients, Func<int, (double Examples, double Loss, double Seconds)> of)
    {
        for (int client = 0; client < clients; client++)
        {
            (double examples, double loss, double seconds) = of(client);
            strategy.Observe(new Participation((uint)client, 1, examples, loss, seconds));
        }
    }

    private static ISelectionStrategy Make(string text)
    {
        Assert.Empty(Selections.Validate(Job(text)));
        return Selections.Create(Job(text));
    }

    private static JobDefinition Job(string selection) => new() { Seed = 42, Round = new() { Selection = selection } };

    private static uint[] Candidates(int count) => [.. Enumerable.Range(0, count).Select(client => (uint)client)];

    private static RoundKey Key(int round) => new("default", "job", round, TaskKind.Train);
}
