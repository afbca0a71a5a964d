using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

/// <summary>Miners send a delta, anchors a gradient and a delta, watchers a gradient.</summary>
public sealed class NodeRoleTests : NodeFixture
{
    private static readonly SectionSpec Gradient =
        SectionSpecs.Dense(SectionRole.Gradient, SectionDType.F32, 10, SectionDenominator.Updates);

    [Fact]
    public async Task CloseRound_RolesWithDifferentSections_DividesEachByItsCarriers()
    {
        RoundPlan plan = Roles();
        AggregatorNode node = await StartAsync();
        await OpenAsync(node, plan);

        Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, plan, "m", Payload(1), weight: 3, role: "miner")).Outcome);
        Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, plan, "a", [.. Payload(2), .. Slope(5)], weight: 1, role: "anchor")).Outcome);
        Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, plan, "w", Slope(2), weight: 100, role: "watcher")).Outcome);
        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal([SectionRole.Delta, SectionRole.Gradient], closed.Sections.Select(section => section.Spec.Role));
        Assert.Equal([4, 2], closed.Sections.Select(section => section.Divisor));
        float[] first = Values(Payload(1)), second = Values(Payload(2));
        for (int i = 0; i < Elements; i++)
        {
            Assert.Equal(((3.0 * first[i]) + second[i]) / 4, (double)closed.Sections[0].Single[i], 1e-6);
        }

        Assert.All(closed.Sections[1].Single, value => Assert.Equal(3.5f, value));
        Assert.Equal(["anchor", "miner", "watcher"], closed.Included.Select(update => update.Role).Order());
    }

    [Fact]
    public async Task CloseRound_RoleThatNobodyAnswered_LeavesItsSectionOut()
    {
        RoundPlan plan = Roles();
        AggregatorNode node = await StartAsync();
        await OpenAsync(node, plan);
        await UploadAsync(node, plan, "m", Payload(1), role: "miner");

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(SectionRole.Delta, Assert.Single(closed.Sections).Spec.Role);
    }

    [Fact]
    public async Task OpenRound_AfterARestart_RecoversEachRoleByItsForm()
    {
        RoundPlan plan = Roles();
        AggregatorNode first = await StartAsync(new HeldEventBus());
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "m", Payload(1), weight: 3, role: "miner");
        await UploadAsync(first, plan, "w", Slope(2), role: "watcher");
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);
        ClosedRound closed = await second.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Empty(reopened.Lost);
        Assert.Equal([3, 1], closed.Sections.Select(section => section.Divisor));
        Assert.All(closed.Sections[1].Single, value => Assert.Equal(2f, value));
    }

    [Theory]
    [InlineData("miner", "anchor")]
    [InlineData("anchor", "miner")]
    [InlineData("stranger", "miner")]
    public async Task Begin_SectionsOfAnotherRole_IsRefused(string role, string sections)
    {
        RoundPlan plan = Roles();
        AggregatorNode node = await StartAsync();
        await OpenAsync(node, plan);
        UpdateTicket ticket = Ticket(plan, "a", sections);
        ticket.Role = role;

        UploadAdmission admission = node.Ingest.Begin(Header(ticket, []), Caller);

        Assert.Null(admission.Session);
        Assert.Equal(UploadOutcome.SchemaMismatch, admission.Result.Outcome);
        Assert.Contains($"'{role}'", admission.Result.Message, StringComparison.Ordinal);
        AssertPoolIsFree(node);
    }

    private static RoundPlan Roles() => Plan(sections: [Delta, Gradient]) with
    {
        Forms = [new UpdateForm("miner", [0]), new UpdateForm("anchor", [0, 1]), new UpdateForm("watcher", [1])],
    };

    private static byte[] Slope(float value)
    {
        float[] values = new float[10];
        Array.Fill(values, value);
        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    private static float[] Values(byte[] payload) => MemoryMarshal.Cast<byte, float>(payload).ToArray();
}
