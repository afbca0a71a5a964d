using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.FunctionalTests.Client;

namespace Federated.FunctionalTests.EndToEnd;

/// <summary>Devices on the SDK train the bundled digits on a real server.</summary>
public sealed class DigitsTests
{
    [Fact]
    public async Task Job_OfFourDevices_LearnsTheDigits()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(10, new { cohortSize = 4, deadlineSeconds = 600 });

        SessionSummary[] summaries = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => federation.RunDeviceAsync($"device-{i}", Digits.SolverFor(i, 4))));

        JsonNode job = await federation.GetAsync("");
        Assert.Equal("completed", (string)job["status"]!);
        Assert.All(summaries, summary => Assert.Equal(new SessionSummary(10, 2, 12, 0, 0), summary));
        JsonNode[] evaluations = await EvaluationsAsync(federation);
        Assert.Equal(2, evaluations.Length);
        Assert.True((double)evaluations[1]["accuracy"]! > 0.9, evaluations[1].ToJsonString());
        Assert.True((double)evaluations[1]["accuracy"]! > (double)evaluations[0]["accuracy"]!);
    }

    [Fact]
    public async Task Job_WithADropOutAndADeviceThatDiverges_LearnsFromTheOthersAndNamesTheFailures()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(
            10, new { cohortSize = 4, minimumToClose = 2, deadlineSeconds = 600, selectionSeconds = 15 });
        using var vanish = CancellationTokenSource.CreateLinkedTokenSource(federation.Limit);

        Task<SessionSummary>[] sound = [.. Enumerable.Range(0, 2).Select(i => federation.RunDeviceAsync($"device-{i}", Digits.SolverFor(i, 4)))];
        Task<SessionSummary> diverging = federation.RunDeviceAsync(
            "diverging", new StubSolver((Digits.Features + 1) * Digits.Outputs, local => local[7] = float.NaN));
        Task<SessionSummary> leaving = federation.RunDeviceAsync("leaving", Digits.SolverFor(3, 4), vanish.Token, what =>
        {
            if (what is { Kind: DeviceEventKind.Working, Round: 2 })
            {
                vanish.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        SessionSummary[] summaries = await Task.WhenAll(sound);

        Assert.Equal("completed", (string)(await federation.GetAsync(""))["status"]!);
        Assert.All(summaries, summary => Assert.Equal((10, 0), (summary.Trained, summary.Discarded)));
        Assert.True((await diverging).Failed > 0);
        Assert.Equal(0, (await diverging).Trained);
        Assert.True((double)(await EvaluationsAsync(federation))[^1]["accuracy"]! > 0.85);
        string[] kinds = [.. (await federation.GetAsync("/failures"))["items"]!.AsArray().Select(item => (string)item!["kind"]!)];
        Assert.Contains("diverged", kinds);
        Assert.Contains("interrupted", kinds);
    }

    private static async Task<JsonNode[]> EvaluationsAsync(DigitsFederation federation) =>
        [.. (await federation.GetAsync("/metrics"))["items"]!.AsArray().Where(item => (string)item!["kind"]! == "evaluate").Select(item => item!)];
}
