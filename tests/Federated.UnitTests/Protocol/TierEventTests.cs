using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Protocol;

public sealed class TierEventTests
{
    private static readonly RoundKey Key = new("default", "digits", 7, TaskKind.Train);

    private static readonly TreePlan Tree = new(2,
    [
        new TreeNode("node-1", TreeRole.Top, null, 20, 4, "http://10.0.0.1:5000", "http://10.0.0.1:5001"),
        new TreeNode("node-2", TreeRole.Middle, "node-1", 12, 3, "http://10.0.0.2:5000", "http://10.0.0.2:5001"),
    ]);

    private static readonly RoundPlan Plan = new(
        Key, 3, new string('a', 64),
        [SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 11_689_512, SectionDenominator.Weight)], "mean", 46_758_048, 32);

    [Fact]
    public void RoundOpened_ThereAndBack_IsTheSame()
    {
        RoundOpened read = ThereAndBack(new RoundOpened(Plan, Tree, "http://server"), TierJson.Default.RoundOpened, out _);

        Assert.Equal(Tree, read.Tree);
        Assert.Equal(Tree.Hash, read.Tree.Hash);
        Assert.Equal(Plan.Sections, read.Plan.Sections);
        Assert.Equal(Plan, read.Plan with { Sections = Plan.Sections });
    }

    [Fact]
    public void RoundOpened_PlanWithForms_SaysWhoCarriesWhat()
    {
        RoundPlan plan = Plan with { Forms = [new UpdateForm("miner", [0]), new UpdateForm("anchor", [0], "c0ffee")] };

        RoundOpened read = ThereAndBack(new RoundOpened(plan, Tree, "http://server"), TierJson.Default.RoundOpened, out _);

        Assert.Equal([0], read.Plan.FormOf("anchor"));
        Assert.True(read.Plan.FormOf("stranger").IsDefault);
        Assert.Equal((Plan.SchemaHash, "c0ffee"), (read.Plan.SchemaHashOf("miner"), read.Plan.SchemaHashOf("anchor")));
    }

    [Fact]
    public void UpdatesStored_AsManyAsAllowedWithLongIds_StaysAClaimCheck()
    {
        UpdateCommitted update = new(
            Key, new string('x', 64), new string('d', 64), new string('n', 64), new string('0', 32), 1L << 40, ulong.MaxValue, 1e-300, int.MaxValue,
            double.NaN, Math.PI, Math.E);
        var stored = new UpdatesStored(Key, 1, "node-1", "c0ffee", 9, [.. Enumerable.Repeat(update, UpdatesStored.MaxUpdates)]);

        UpdatesStored read = ThereAndBack(stored, TierJson.Default.UpdatesStored, out int bytes);

        Assert.Equal(stored.Updates, read.Updates);
        Assert.InRange(bytes, 1, 8 * 1024);
    }

    [Fact]
    public void EveryOtherEvent_ThereAndBack_IsTheSame()
    {
        Same(new RoundReady(Key, 1, 2, "node-1", "c0ffee", 3, 4, "too large"), TierJson.Default.RoundReady);
        ClosingDelayed delayed = new(Key, 1, 2, "node-1", ["node-2"]);
        Assert.Equal(delayed.Nodes, ThereAndBack(delayed, TierJson.Default.ClosingDelayed, out _).Nodes);
        UpdatesUnwanted unwanted = new(Key, 1, "node-1", ["a", "b"]);
        Assert.Equal(unwanted.AssignmentIds, ThereAndBack(unwanted, TierJson.Default.UpdatesUnwanted, out _).AssignmentIds);
        Same(new RoundClosing(Key, 1, 2, "goal"), TierJson.Default.RoundClosing);
        Same(new PartialReady(Key, 1, 2, "p", "node-2", "node-1", 5, 6.5, 7), TierJson.Default.PartialReady);
        Same(new CoefficientsReady(Key, 1, 2, "c", "node-1", 5), TierJson.Default.CoefficientsReady);
        Same(new AggregateReady(Key, 1, 2, "p", "node-1", 5, 6.5, 7), TierJson.Default.AggregateReady);
        Same(new RoundEnded(Key, 1, true, "made"), TierJson.Default.RoundEnded);
        Same(new NodeJoined("node-1", "c0ffee", "http://a", "http://b", 8, 9, 10) { IdleInterval = TimeSpan.FromSeconds(11.5) }, TierJson.Default.NodeJoined);
        Same(new NodeAlive("node-1", "c0ffee", 4, 5, 6.5, 7.5, 8, 9), TierJson.Default.NodeAlive);
        DevicesRevoked revoked = ThereAndBack(
            new DevicesRevoked(1, 2, [.. Enumerable.Repeat(new RevokedDevice(new string('t', 64), new string('d', 64), long.MaxValue), DevicesRevoked.MaxDevices)]),
            TierJson.Default.DevicesRevoked, out int bytes);
        Assert.Equal((1, 2, DevicesRevoked.MaxDevices), (revoked.After, revoked.Until, revoked.Devices.Length));
        Assert.InRange(bytes, 1, 60 * 1024);
        HeldRound held = new(Key, 3, 17);
        NodeAlive alive = ThereAndBack(new NodeAlive("node-1", "c0ffee", 4, 5, 6.5, 7.5, 8, 9, [held], new NodeJoined("node-1", "c0ffee", "http://a", "http://b", 8, 9, 10)), TierJson.Default.NodeAlive, out _);
        Assert.Equal([held], alive.Rounds);
        Assert.Equal("http://a", alive.Introduction!.Gateway);
        Same(new NodeLeft("node-1", "c0ffee", "stopped"), TierJson.Default.NodeLeft);

        static void Same<T>(T written, JsonTypeInfo<T> type)
            where T : ITierEvent
        {
            T read = ThereAndBack(written, type, out int bytes);
            Assert.Equal(written, read);
            Assert.Equal(written.IdempotencyKey, read.IdempotencyKey);
            Assert.InRange(bytes, 1, 1024);
        }
    }

    [Fact]
    public void Read_MemberOfALaterVersion_IsSkipped()
    {
        NodeLeft? read = JsonSerializer.Deserialize(
            """{"nodeId":"a","incarnation":"b","reason":"c","later":1}""", TierJson.Default.NodeLeft);

        Assert.Equal(new NodeLeft("a", "b", "c"), read);
    }

    [Fact]
    public void Read_MemberMissing_Throws() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"nodeId":"a","reason":"c"}""", TierJson.Default.NodeLeft));

    private static T ThereAndBack<T>(T value, JsonTypeInfo<T> type, out int bytes)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        bytes = json.Length;
        return JsonSerializer.Deserialize(json, type)!;
    }
}
