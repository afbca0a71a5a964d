using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

/// <summary>Rounds under the mean of which the coordinator wants a section update by update besides.</summary>
public sealed class HandedOverTests : NodeFixture
{
    private static readonly SectionSpec Gradient = SectionSpecs.Dense(SectionRole.Gradient, SectionDType.F32, Elements, SectionDenominator.None);

    private static RoundPlan Wanted => Plan(1, sections: [Delta, Gradient]) with
    {
        Forms = [new UpdateForm("miner", [0]), new UpdateForm("anchor", [1])],
        HandedOver = [SectionRole.Gradient],
    };

    [Fact]
    public async Task HandOver_UnderTheMean_GivesTheSectionOfEveryUpdateThatHasIt()
    {
        AggregatorNode node = await StartAsync();
        await OpenAsync(node, Wanted);
        await UploadAllAsync(node, "m0", "a1", "a2", "m3");

        ClosedRound closed = await node.CloseRoundAsync(Wanted.Key, Cancellation);
        Assert.Equal(4, closed.Included.Count);
        AssertHandedOver(node, "a1", "a2");

        // A coordinator that dies before its commit point asks again; what it did to the first answer does not matter.
        node.HandOver(Wanted.Key)[0].Values.AsSpan().Clear();
        await node.CloseRoundAsync(Wanted.Key, Cancellation);
        AssertHandedOver(node, "a1", "a2");
        float[] mean = closed.Sections.Single(section => section.Spec.Role == SectionRole.Delta).Single;
        Assert.Equal((Values("m0")[7] + Values("m3")[7]) / 2, mean[7], 1e-6f);
        await node.ForgetRoundAsync(Wanted.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task HandOver_AfterARestart_HasTheUpdatesThatAreCountedAndNoOther()
    {
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, Wanted);
        await UploadAllAsync(first, "a1", "m0");
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, Wanted);
        await UploadAllAsync(second, [.. reopened.Lost, "a2"]);
        ClosedRound closed = await second.CloseRoundAsync(Wanted.Key, Cancellation);

        Assert.Equal(["a1", "a2", "m0"], closed.Included.Select(update => update.AssignmentId).Order());
        AssertHandedOver(second, "a1", "a2");
    }

    private static float[] Values(string assignment) => MemoryMarshal.Cast<byte, float>(Payload(assignment[1])).ToArray();

    private static void AssertHandedOver(AggregatorNode node, params string[] assignments)
    {
        KeptValues[] sections = [.. node.HandOver(Wanted.Key).OrderBy(section => section.AssignmentId, StringComparer.Ordinal)];

        Assert.Equal(assignments, sections.Select(section => section.AssignmentId));
        Assert.All(sections, section => Assert.Equal(SectionRole.Gradient, section.Role));
        Assert.All(sections, section => Assert.Equal(Values(section.AssignmentId), section.Values));
    }

    private async Task UploadAllAsync(AggregatorNode node, params string[] assignments)
    {
        foreach (string assignment in assignments)
        {
            string role = assignment[0] == 'a' ? "anchor" : "miner";
            Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, Wanted, assignment, Payload(assignment[1]), role: role)).Outcome);
        }
    }
}
