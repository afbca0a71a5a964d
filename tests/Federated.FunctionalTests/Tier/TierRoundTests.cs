using Federated.Aggregator.Hosting.State;
using Federated.Aggregator.Rounds;
using Federated.Coordination.Hierarchy;
using Federated.Coordination.Tier;
using Federated.FunctionalTests.Gateway;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Server.Tier;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Federated.FunctionalTests.Tier;

/// <summary>What the server concludes from what nodes say and do not say. Node b has the top; a and c hand over to it.</summary>
public sealed class TierRoundTests
{
    private static readonly RoundPlan Plan = TestUpdate.Plan();
    private static readonly TimeSpan LossAfter = TimeSpan.FromSeconds(8);

    private readonly FakeTimeProvider _time = new();
    private readonly NodeDirectory _nodes;
    private readonly TierRound _round;
    private readonly Dictionary<string, long> _beats = [];

    public TierRoundTests()
    {
        _nodes = new NodeDirectory(new NodeRegistry(new InProcessTierState()), Options.Create(new PlannerOptions()), _time);
        _round = new TierRound(Plan.Key, _nodes, new TierOptions { NodeLossAfter = LossAfter }, _time);
        foreach (string id in (string[])["a", "b", "c"])
        {
            _nodes.Joined(new NodeJoined(id, "process", "", "", 8, 8, 1024));
        }

        _round.Begin(Plan, new Sink());
        _round.Use(RoundTree.Begin(new TreePlan(
            1,
            [
                new TreeNode("a", TreeRole.Leaf, "b", 2, 1),
                new TreeNode("b", TreeRole.Top, null, 2, 1),
                new TreeNode("c", TreeRole.Leaf, "b", 2, 1),
            ])));
        AllReady();
    }

    [Fact]
    public void Compare_HintMissingForTwoSignsOfLife_AsksTheNode()
    {
        Store("a", 1, "one");
        Beat("a", held: 2);
        Assert.Empty(_round.WithRecovery());

        Beat("a", held: 3);

        Assert.Equal(["a"], _round.WithRecovery().Select(node => node.NodeId));
    }

    [Fact]
    public void Compare_HintThatWasLateOnly_AsksNobody()
    {
        Beat("a", held: 2);
        Store("a", 1, "one", "two");

        Beat("a", held: 3);

        Assert.Empty(_round.WithRecovery());
    }

    [Fact]
    public void Compare_UpdateGoneAtTheNode_AsksTheNode()
    {
        Store("a", 1, "one", "two");
        Beat("a", held: 2);

        Beat("a", held: 1);

        Assert.Equal(["a"], _round.WithRecovery().Select(node => node.NodeId));
    }

    [Fact]
    public void Compare_OfAnotherWriterOrOutOfOrder_IsPassedOver()
    {
        Beat("a", held: 2);
        _round.Compare(Alive("a", 9), new HeldRound(Plan.Key, Plan.WriterEpoch + 1, 5));
        _round.Compare(Alive("a", 1), new HeldRound(Plan.Key, Plan.WriterEpoch, 5));

        Assert.Empty(_round.WithRecovery());
    }

    [Fact]
    public void TakeRecovery_UpdateStoredSinceTheNodeWasAsked_IsNotLost()
    {
        Store("a", 1, "one", "gone");
        IReadOnlySet<string> known = _round.KnownOf("a");
        Store("a", 2, "late");

        _round.TakeRecovery("a", new ReopenedRound([Update("a", "one"), Update("a", "unheard")], []), known);

        Assert.Equal(["late", "one", "unheard"], _round.Stored.Select(update => update.AssignmentId).Order());
        Assert.Equal(["gone"], _round.TakeDisplaced());
    }

    [Fact]
    public void Check_NodeSilentAfterItHandedOver_KeepsTheTree()
    {
        Store("a", 1, "one");
        _round.BeginClosing();
        _round.Take(new PartialReady(Plan.Key, Plan.WriterEpoch, 1, "partial", "a", "b", 1, 1, 1));

        Silence(except: ["b", "c"]);

        Assert.Equal(1, _round.Tree!.Present.Revision);
        Assert.Empty(_round.TakeDisplaced());
    }

    [Fact]
    public void Check_AnyNodeButTheTopSilentAfterTheAggregate_KeepsTheTree()
    {
        _round.BeginClosing();
        _round.Take(new AggregateReady(Plan.Key, Plan.WriterEpoch, 1, "aggregate", "b", 3, 3, 1));

        Silence(except: ["b"]);
        Assert.Equal(1, _round.Tree!.Present.Revision);

        Silence(except: ["a"]);
        Assert.Equal("a", _round.Tree.Present.Top.NodeId);
        Assert.Null(_round.Answer);
    }

    [Fact]
    public void Check_NodeSilentWhileOthersHaveNotHandedOver_LosesItsUpdates()
    {
        Store("a", 1, "one");
        Store("c", 1, "two");
        _round.BeginClosing();
        _round.Take(new PartialReady(Plan.Key, Plan.WriterEpoch, 1, "partial", "a", "b", 1, 1, 1));

        Silence(except: ["b"]);
        Assert.Equal(["two"], _round.TakeDisplaced());
        Assert.Equal(2, _round.Tree!.Present.Revision);

        // What it had handed over is gone with the tree.
        Silence(except: ["b"]);
        Assert.Equal(["one"], _round.TakeDisplaced());
    }

    [Fact]
    public async Task Replan_LongerQueue_IsTheNextRevisionAndMovesNobody()
    {
        string[] before = [.. Enumerable.Range(0, 6).Select(number => _round.NodeOf($"job-{number}", number).NodeId)];
        await _nodes.AliveAsync(Alive("a", 1) with { Queue = 9 }, TestContext.Current.CancellationToken);

        _round.Replan(new PlannerOptions());

        Assert.Equal(2, _round.Tree!.Present.Revision);
        Assert.Equal([5, 1, 1], _round.Tree.Present.Nodes.Select(node => node.Leaves));
        Assert.Equal(before, Enumerable.Range(0, 6).Select(number => _round.NodeOf($"job-{number}", number).NodeId));
        Assert.Equal(3, _round.Missing().Count);
    }

    [Theory]
    [InlineData("closing")]
    [InlineData("silent")]
    [InlineData("not ready")]
    public async Task Replan_WhileSomethingElseIsUnderWay_Waits(string what)
    {
        _round.NodeOf("job-0", 0);
        switch (what)
        {
            case "closing":
                _round.BeginClosing();
                break;
            case "silent":
                _time.Advance(LossAfter * 2);
                break;
            default:
                _round.Resync();
                break;
        }

        int revision = _round.Tree!.Present.Revision;
        await _nodes.AliveAsync(Alive("a", 1) with { Queue = 9 }, TestContext.Current.CancellationToken);

        _round.Replan(new PlannerOptions());

        Assert.Equal(revision, _round.Tree.Present.Revision);
    }

    [Fact]
    public void Check_OneHasNotHandedOverInTime_ClosesWithoutIt()
    {
        CloseLate(new PartialReady(Plan.Key, Plan.WriterEpoch, 1, "partial", "a", "b", 1, 1, 1));

        Assert.Equal(["a", "b"], _round.Tree!.Present.Nodes.Select(node => node.NodeId));
    }

    [Fact]
    public void Check_NobodyHasReachedTheTopInTime_ClosesWithoutTheTop()
    {
        CloseLate();

        Assert.Equal(["a", "c"], _round.Tree!.Present.Nodes.Select(node => node.NodeId));
    }

    [Fact]
    public void Check_AggregateNotFetchedInTime_ClosesWithoutTheTop()
    {
        CloseLate(
            new PartialReady(Plan.Key, Plan.WriterEpoch, 1, "partial", "a", "b", 1, 1, 1),
            new AggregateReady(Plan.Key, Plan.WriterEpoch, 1, "aggregate", "b", 3, 3, 1));

        Assert.Equal(["a", "c"], _round.Tree!.Present.Nodes.Select(node => node.NodeId));
    }

    // The top and c miss a; a misses both of them.
    [Fact]
    public void Check_TwoPassesWaitForANodeOutOfReach_CloseWithoutThatOne()
    {
        BeginPasses();
        _round.Take(new ClosingDelayed(Plan.Key, Plan.WriterEpoch, 1, "a", ["b", "c"]));
        _round.Take(new ClosingDelayed(Plan.Key, Plan.WriterEpoch, 1, "b", ["a"]));
        _round.Take(new ClosingDelayed(Plan.Key, Plan.WriterEpoch, 1, "c", ["a"]));
        _round.Take(new ClosingDelayed(Plan.Key, Plan.WriterEpoch, 7, "c", ["b"]));

        PassCloseTimeout();

        Assert.Equal(["b", "c"], _round.Tree!.Present.Nodes.Select(node => node.NodeId));
        Assert.Equal(["one"], _round.TakeDisplaced());
    }

    [Theory]
    [InlineData("a", "b", "a")]
    [InlineData("a", "c", "c")]
    public void Check_TwoNodesMissEachOther_KeepsTheTopAndTheOneThatHoldsMore(string one, string other, string lost)
    {
        BeginPasses();
        _round.Take(new ClosingDelayed(Plan.Key, Plan.WriterEpoch, 1, one, [other]));
        _round.Take(new ClosingDelayed(Plan.Key, Plan.WriterEpoch, 1, other, [one]));

        PassCloseTimeout();

        Assert.Equal([lost], _round.Tree!.Lost);
    }

    [Fact]
    public void Check_NodeGivenUpThoughItLives_IsLeftOutOfTreesForAWhile()
    {
        BeginPasses();
        _round.Take(new ClosingDelayed(Plan.Key, Plan.WriterEpoch, 1, "a", ["b"]));
        PassCloseTimeout();
        TimeSpan since = TimeSpan.FromMinutes(10);

        string[] Reachable() => [.. _nodes.WithinReach(_nodes.Present(TimeSpan.MaxValue), since).Select(node => node.Info.NodeId)];

        Assert.Equal(["a", "c"], Reachable());
        _nodes.GaveUp("a");
        _nodes.GaveUp("c");
        Assert.Equal(["a", "b", "c"], Reachable());
        _time.Advance(since * 2);
        _nodes.GaveUp("c");
        Assert.Equal(["a", "b"], Reachable());
    }

    [Fact]
    public void Check_NodeThatTheServerDoesNotReach_IsGivenUp()
    {
        Store("a", 1, "one");
        _round.NotReached(_round.Tree!.Present, "a");
        Hear();
        _round.Check();
        Assert.Equal(1, _round.Tree.Present.Revision);

        _time.Advance(LossAfter * 5);
        Hear();
        _round.Check();

        Assert.Equal(["b", "c"], _round.Tree.Present.Nodes.Select(node => node.NodeId));
        Assert.Equal(["one"], _round.TakeDisplaced());
    }

    [Fact]
    public void Begin_AfterAClosing_OpensTheNodesInAnotherTree()
    {
        Store("a", 1, "one");
        _round.BeginClosing();
        _round.Aggregate = new RoundAggregate([], []);

        _round.Begin(Plan, new Sink());

        Assert.Equal(2, _round.Tree!.Present.Revision);
        Assert.Equal(3, _round.Missing().Count);
        Assert.Null(_round.Aggregate);
        Assert.Single(_round.Stored);
    }

    private static UpdateCommitted Update(string node, string assignment) =>
        new(Plan.Key, assignment, "device", node, "", 8, 0, 1, 1, 0.5, 0.5, 1);

    private static NodeAlive Alive(string node, long sequence) => new(node, "process", sequence, 0, 0, 0, 1, 1);

    private void AllReady()
    {
        foreach (TreeNode node in _round.Missing())
        {
            _round.Take(new RoundReady(Plan.Key, Plan.WriterEpoch, _round.Tree!.Present.Revision, node.NodeId, "process", 0, 0));
        }
    }

    private void Store(string node, long sequence, params string[] assignments) =>
        _round.Take(new UpdatesStored(Plan.Key, Plan.WriterEpoch, node, "process", sequence, [.. assignments.Select(id => Update(node, id))]));

    private void Beat(string node, int held)
    {
        _beats[node] = _beats.GetValueOrDefault(node) + 1;
        _round.Compare(Alive(node, _beats[node]), new HeldRound(Plan.Key, Plan.WriterEpoch, held));
    }

    private void CloseLate(params ITierEvent[] said)
    {
        _round.BeginClosing();
        _round.ClosingAsked();
        foreach (ITierEvent what in said)
        {
            if (what is PartialReady partial)
            {
                _round.Take(partial);
            }
            else
            {
                _round.Take((AggregateReady)what);
            }
        }

        PassCloseTimeout();
    }

    /// <summary>A round under a rule with two passes, which closes; node a holds one update and c none.</summary>
    private void BeginPasses()
    {
        _round.Begin(Plan with { Rule = "median", Timing = AggregationTimings.Lazy }, new Sink());
        AllReady();
        Store("a", 1, "one");
        _round.BeginClosing();
        _round.ClosingAsked();
    }

    private void PassCloseTimeout()
    {
        _time.Advance(new TierOptions().CloseTimeout * 2);
        Hear();
        _round.Check();
    }

    private void Hear()
    {
        foreach (string node in (string[])["a", "b", "c"])
        {
            _nodes.Heard(node, "process");
        }
    }

    private void Silence(string[] except)
    {
        _time.Advance(LossAfter * 2);
        foreach (string node in except)
        {
            _nodes.Heard(node, "process");
        }

        _round.Check();
    }

    private sealed class Sink : IUpdateSink
    {
        public void OnStored(UpdateCommitted update)
        {
        }

        public void OnLost(RoundKey key, IReadOnlyList<string> assignmentIds)
        {
        }
    }
}
