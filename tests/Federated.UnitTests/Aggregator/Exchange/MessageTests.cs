using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Federated.UnitTests.Aggregation.Robust.Hierarchy;

namespace Federated.UnitTests.Aggregator.Exchange;

/// <summary>What a node lets others tell it, and what the server reads of a top.</summary>
public sealed class MessageTests
{
    private const int Length = 1000;

    private static readonly RoundPlan Round = new(
        new RoundKey("tenant", "job", 3, TaskKind.Train), 1, "schema",
        [SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Length, SectionDenominator.Weight)], "krum", 4 * Length, 9, Timing: AggregationTimings.Lazy, Byzantine: 1);

    private static readonly TreePlan Tree = new(1, [Node("a", null), Node("b", "a"), Node("c", "a")]);
    private static readonly UpdateCommitted[] Updates = [.. Enumerable.Range(0, 2).Select(i => Update($"u{i}") with { Compression = i == 0 ? null : new CompressionFigures(0.5, 2, 1) })];

    public static TheoryData<string, ExchangeBlock> Unexpected => new()
    {
        { "another range", ExchangeBlock.OfVectors(0, ExchangeContent.Range, 0, Rows(2, 512)) },
        { "another length", ExchangeBlock.OfVectors(0, ExchangeContent.Range, 512, Rows(2, 487)) },
        { "more rows than updates", ExchangeBlock.OfVectors(0, ExchangeContent.Range, 512, Rows(3, 488)) },
        { "another section", ExchangeBlock.OfVectors(1, ExchangeContent.Range, 512, Rows(2, 488)) },
        { "sketches, which are for the top", ExchangeBlock.OfVectors(0, ExchangeContent.Sketch, 0, Rows(2, 20_000)) },
        { "a verdict", ExchangeBlock.OfNumbers(0, ExchangeContent.Coefficients, 1, [1, 1]) },
    };

    [Fact]
    public void Cut_ThousandParametersOnThreeNodes_HasTwoOwners()
    {
        var plan = new ExchangePlan(Round, Tree with { Nodes = [Node("a", null), Node("b", "a")] });

        Assert.Equal((0, 512, 512, 1000), (plan.RangeOf(0, "a").From, plan.RangeOf(0, "a").To, plan.RangeOf(0, "b").From, plan.RangeOf(0, "b").To));
    }

    [Fact]
    public void Read_ExpectedShare_IsTaken()
    {
        NodeExchange node = NodeB(Round);

        ExchangeReader reader = Read(node, ExchangeBlock.OfVectors(0, ExchangeContent.Range, 512, Rows(2, 488)));

        Assert.True(reader.IsComplete);
        Assert.Equal(488, reader.Blocks[0].Single[1].Length);
    }

    [Theory]
    [MemberData(nameof(Unexpected))]
    public void Read_UnexpectedShare_IsRefusedBeforeItHasRoom(string what, ExchangeBlock block)
    {
        var fault = Assert.Throws<InvalidDataException>(() => Read(NodeB(Round), block));

        Assert.True(fault.Message.Contains("does not expect", StringComparison.Ordinal), what);
    }

    [Fact]
    public void Read_SketchesAtTheTop_AreOfTheRoundsWidthOnly()
    {
        RoundPlan sketched = Round with { Exchange = ExchangeModes.Sketch, SketchError = 0.1 };
        var top = new NodeExchange(new ExchangePlan(sketched, Tree), "a");

        Assert.True(Read(top, ExchangeBlock.OfVectors(0, ExchangeContent.Sketch, 0, Rows(2, 200))).IsComplete);
        Assert.Throws<InvalidDataException>(() => Read(top, ExchangeBlock.OfVectors(0, ExchangeContent.Sketch, 0, Rows(2, 201))));
    }

    [Fact]
    public void HeldBytes_ExactAndSketched_AreThoseOfTheRange()
    {
        Assert.Equal(7 * 4 * 488, new ExchangePlan(Round, Tree with { Nodes = [Node("a", null), Node("b", "a")] }).HeldBytes("b", 7));
        Assert.Equal(0, new ExchangePlan(Round with { Exchange = ExchangeModes.Sketch }, Tree).HeldBytes("b", 7));
    }

    [Fact]
    public void Complete_ReportOfATop_IsItsAggregateAndScores()
    {
        var closed = new ClosedRound([new SectionAggregate(Round.Sections[0], [.. Rows(1, Length)[0].Span], [], 2)], Updates) { Scores = [new(0.25, -3), new(null, 7)] };
        ExchangeMessage message = ReportBlocks.Of(Round, "a", closed);
        var receiver = new ReportReceiver(Round);
        foreach (UpdateClaims claims in PartialNames.ClaimsOf(closed.Included, []))
        {
            receiver.Append(claims);
        }

        receiver.Append(new System.Buffers.ReadOnlySequence<byte>(ExchangeFormatTests.Written(message.BeginWrite(), 999)));
        ClosedRound read = receiver.Complete(new PartialHeader { Included = 2 });

        Assert.Equal(closed.Sections[0].Single, read.Sections[0].Single);
        Assert.Equal(2, read.Sections[0].Divisor);
        Assert.Equal(closed.Scores, read.Scores);
        Assert.Equal(closed.Included, read.Included);
    }

    [Fact]
    public void Complete_ReportCutShort_IsRefused()
    {
        var receiver = new ReportReceiver(Round);

        Assert.Throws<InvalidDataException>(() => receiver.Complete(new PartialHeader { Included = 0 }));
    }

    private static NodeExchange NodeB(RoundPlan round) => new(new ExchangePlan(round, Tree with { Nodes = [Node("a", null), Node("b", "a")] }), "b");

    private static ExchangeReader Read(NodeExchange node, ExchangeBlock block)
    {
        ExchangeReader reader = node.ReaderOf(ExchangeKind.Share, Updates);
        reader.Append(ExchangeFormatTests.Written(new ExchangeWriter(ExchangeKind.Share, [block]), 4096));
        return reader;
    }

    private static ReadOnlyMemory<float>[] Rows(int rows, int columns) =>
        [.. Enumerable.Range(0, rows).Select(row => (ReadOnlyMemory<float>)Enumerable.Range(0, columns).Select(k => (float)(row + k)).ToArray())];

    private static TreeNode Node(string id, string? parent) => new(id, parent is null ? TreeRole.Top : TreeRole.Leaf, parent, 3, 1);

    private static UpdateCommitted Update(string id) => new(Round.Key, id, "device", "b", "", 4 * Length, 0, 1, 1, 0.5, 0, 0, "worker");
}
