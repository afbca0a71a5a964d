using Federated.Coordination.Selection;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Rounds;

public sealed class UniformSelectionTests
{
    [Fact]
    public void Select_ManyRounds_PicksEachCandidateEquallyOften()
    {
        var selection = new UniformSelection(42);
        int[] times = new int[10];
        for (int round = 1; round <= 3000; round++)
        {
            int[] chosen = selection.Select(Key(round), 0, 10, 3);
            Assert.Equal(chosen.Distinct().Order(), chosen);
            foreach (int index in chosen)
            {
                times[index]++;
            }
        }

        // 900 expected, standard deviation 25.
        Assert.All(times, count => Assert.InRange(count, 800, 1000));
    }

    [Fact]
    public void Select_SameSeedAndRound_PicksTheSame() =>
        Assert.Equal(new UniformSelection(42).Select(Key(5), 0, 100, 20), new UniformSelection(42).Select(Key(5), 0, 100, 20));

    [Fact]
    public void Select_AnotherRoundSeedOrReplacement_PicksOthers()
    {
        int[] first = new UniformSelection(42).Select(Key(5), 0, 100, 20);

        Assert.NotEqual(first, new UniformSelection(42).Select(Key(6), 0, 100, 20));
        Assert.NotEqual(first, new UniformSelection(43).Select(Key(5), 0, 100, 20));
        Assert.NotEqual(first, new UniformSelection(42).Select(Key(5), 20, 100, 20));
    }

    [Fact]
    public void Select_AsManyAsThereAre_PicksAll() =>
        Assert.Equal(Enumerable.Range(0, 5), new UniformSelection(1).Select(Key(1), 0, 5, 5));

    private static RoundKey Key(int round) => new("default", "job", round, TaskKind.Train);
}
