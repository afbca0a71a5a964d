using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Algorithms;

public sealed class AlgorithmStateTests
{
    private static QuadraticObjective[] Clients => [new((1, 4)), new((2, -1)), new((0.5, 2))];

    public static TheoryData<string> Stateful => ["scaffold", "feddyn"];

    [Theory]
    [MemberData(nameof(Stateful))]
    public void Restart_InTheMiddle_GoesOnBitForBit(string algorithm)
    {
        var whole = new SmallFederation(SmallFederation.Job(algorithm, 3, 0.1), Clients);
        var restarted = new SmallFederation(SmallFederation.Job(algorithm, 3, 0.1), Clients);

        for (int round = 0; round < 5; round++)
        {
            whole.RunRound();
            restarted.RunRound();
            restarted.Restart();
            Assert.Equal(whole.Model.Parameters, restarted.Model.Parameters);
        }
    }

    [Fact]
    public void LoadState_OfAServerOptimizer_GoesOnBitForBit()
    {
        JobDefinition job = SmallFederation.Job("fednova", 3, 0.1) with { ServerOptimizer = new() { Name = "adam" } };
        var whole = new SmallFederation(job, Clients);
        var restarted = new SmallFederation(job, Clients);

        for (int round = 0; round < 5; round++)
        {
            whole.RunRound();
            restarted.RunRound();
            restarted.Restart();
            Assert.Equal(whole.Model.Parameters, restarted.Model.Parameters);
        }
    }

    [Fact]
    public void BeginEpoch_Higher_ForgetsTheControl()
    {
        var federation = new SmallFederation(SmallFederation.Job("scaffold", 3, 0.1), Clients);
        federation.RunRound([0]);
        byte[]? state = federation.Server.SaveState();
        Assert.NotEqual(0, federation.Server.DownSections("worker")[0].Values.Span[0]);

        federation.Server.BeginEpoch(1);

        Assert.Equal(0, federation.Server.DownSections("worker")[0].Values.Span[0]);

        // The state of the version before still belongs to the earlier epoch.
        federation.Server.LoadState(state);
        federation.Server.BeginEpoch(1);
        Assert.Equal(0, federation.Server.DownSections("worker")[0].Values.Span[0]);
        federation.Server.LoadState(state);
        federation.Server.BeginEpoch(0);
        Assert.NotEqual(0, federation.Server.DownSections("worker")[0].Values.Span[0]);
    }

    [Fact]
    public void LoadState_Damaged_SaysWhat()
    {
        IServerAlgorithm scaffold = new SmallFederation(SmallFederation.Job("scaffold", 3, 0.1), Clients).Server;
        byte[] state = scaffold.SaveState()!;
        byte[] flipped = [.. state];
        flipped[^12] ^= 1;

        Assert.Contains("FSAL", Assert.Throws<InvalidDataException>(() => scaffold.LoadState([1, 2, 3])).Message, StringComparison.Ordinal);
        Assert.Contains("checksum", Assert.Throws<InvalidDataException>(() => scaffold.LoadState(flipped)).Message, StringComparison.Ordinal);
        IServerAlgorithm other = new SmallFederation(SmallFederation.Job("feddyn", 3, 0.1), Clients).Server;
        Assert.Contains("'scaffold'", Assert.Throws<InvalidDataException>(() => other.LoadState(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToBytes_KnownParts_HasTheFrozenLayout()
    {
        var state = new AlgorithmState("scaffold");
        state.Add<float>("control", [1f, -2f]);

        byte[] bytes = state.ToBytes();

        Assert.StartsWith("4653414C01000100" + "73636166666F6C640000000000000000" + "636F6E74726F6C000000000000000000" + "0800000000000000" + "0000803F000000C0", Convert.ToHexString(bytes), StringComparison.Ordinal);
        Assert.Equal([1f, -2f], AlgorithmState.Parse(bytes, "scaffold").Read<float>("control"));
    }
}
