using System.Text.Json.Nodes;
using Federated.Client.Training;

namespace Federated.FunctionalTests.EndToEnd;

/// <summary>Devices on the SDK, some of which attack, and a real server that aggregates by a rule.</summary>
public sealed class RobustDigitsTests
{
    private const int Devices = 7, Attackers = 2;

    [Fact]
    public async Task Job_UnderAttack_StaysGoodByARobustRuleAndBreaksByTheMean()
    {
        double robust = await AccuracyAsync(new { rule = "nnm+trimmed-mean", byzantine = Attackers }, async federation =>
        {
            JsonNode[] scores = [.. (await federation.GetAsync("/trust?limit=1000"))["items"]!.AsArray().Select(item => item!)];
            Assert.Equal(10 * Devices, scores.Length);
            Dictionary<string, double> ranks = scores.GroupBy(score => (string)score["deviceId"]!).ToDictionary(device => device.Key, device => device.Average(score => (double)score["rank"]!));
            double[] sorted = [.. ranks.Values.Order()];
            Assert.Equal(Devices, sorted.Length);
            Assert.True(sorted[Attackers - 1] < 0.2 && sorted[Attackers] > 0.3, string.Join(", ", sorted));

            string suspect = ranks.MinBy(pair => pair.Value).Key;
            JsonArray ofSuspect = (await federation.GetAsync($"/trust?device={suspect}"))["items"]!.AsArray();
            JsonArray ofRound = (await federation.GetAsync("/trust?round=3"))["items"]!.AsArray();
            Assert.Equal(Enumerable.Range(1, 10), ofSuspect.Select(item => (int)item!["round"]!));
            Assert.Equal(Devices, ofRound.Count);
            Assert.All(ofRound, item => Assert.Null(item!["coefficient"]));
            JsonNode page = await federation.GetAsync("/trust?limit=5");
            JsonNode next = await federation.GetAsync($"/trust?limit=5&after={page["next"]}");
            Assert.Equal(scores.Skip(5).Take(5).Select(item => (string)item["assignmentId"]!), next["items"]!.AsArray().Select(item => (string)item!["assignmentId"]!));
        });
        double mean = await AccuracyAsync(new { rule = "mean" }, async federation =>
            Assert.Empty((await federation.GetAsync("/trust"))["items"]!.AsArray()));

        Assert.True(robust > 0.85, $"robust {robust}");
        Assert.True(mean < 0.6, $"mean {mean}");
    }

    [Fact]
    public async Task Job_WhoseRuleDoesNotFitItsCohort_IsRefusedWithTheNumbers()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(1, new { cohortSize = 4 });

        string problem = await federation.RefusalAsync(new { rule = "krum", byzantine = 2 }, new { cohortSize = 4 });

        Assert.Contains("at least 5 updates (2f < n); there are 4", problem, StringComparison.Ordinal);
    }

    private static async Task<double> AccuracyAsync(object aggregation, Func<DigitsFederation, Task> check)
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(
            10, new { cohortSize = Devices, deadlineSeconds = 600 }, aggregation: aggregation, evaluateEvery: 10);
        await Task.WhenAll(Enumerable.Range(0, Devices).Select(i =>
        {
            ILocalSolver honest = Digits.SolverFor(i, Devices);
            return federation.RunDeviceAsync($"device-{i}", i < Attackers ? new ReversingSolver(honest) : honest);
        }));

        Assert.Equal("completed", (string)(await federation.GetAsync(""))["status"]!);
        await check(federation);
        return (await federation.GetAsync("/metrics"))["items"]!.AsArray()
            .Where(item => (string)item!["kind"]! == "evaluate").Select(item => (double)item!["accuracy"]!).Single();
    }
}
