using System.Text.Json.Nodes;
using Federated.Client.Sessions;

namespace Federated.FunctionalTests.EndToEnd;

/// <summary>Models that devices download as steps from the one that they hold.</summary>
public sealed class DownLinkTests
{
    private const int DenseBytes = 4 * (Digits.Features + 1) * Digits.Outputs;

    private static readonly object TopK = new { down = "topk:0.1" };

    [Fact]
    public async Task Job_WithACompressedDownLink_LearnsAndEveryByteIsReckoned()
    {
        // One of the two devices works in a round, so each misses some and catches up by several steps; one that enrols late may find the job done.
        await using DigitsFederation federation = await DigitsFederation.StartAsync(40, new { cohortSize = 1, deadlineSeconds = 600 }, TopK, evaluateEvery: 20);
        List<long>[] downloads = [[], []];

        SessionSummary[] summaries = await Task.WhenAll(Enumerable.Range(0, 2).Select(i => federation.RunDeviceAsync(
            $"device-{i}", Digits.SolverFor(i, 2), happened: what => Take(downloads[i], what))));

        Assert.Equal(40, summaries.Sum(summary => summary.Trained));
        Assert.All(summaries, summary => Assert.Equal((0, 0), (summary.Discarded, summary.Failed)));
        JsonNode[] metrics = [.. (await federation.GetAsync("/metrics"))["items"]!.AsArray().Select(item => item!)];
        Assert.True((double)metrics.Last(item => (string)item["kind"]! == "evaluate")["accuracy"]! > 0.7);
        Assert.Equal(downloads.Sum(device => device.Sum()), metrics.Sum(item => (long)item["bytesDown"]!));
        Assert.All(downloads.Where(device => device.Count > 0), device => Assert.Single(device, bytes => bytes > DenseBytes));
    }

    [Fact]
    public async Task Device_StartedAgain_GoesOnFromTheModelInItsCache()
    {
        await using DigitsFederation federation = await DigitsFederation.StartAsync(10, new { cohortSize = 1, deadlineSeconds = 10 }, TopK, evaluateEvery: 10);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(federation.Limit);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => federation.RunDeviceAsync("device", Digits.SolverFor(0, 1), stop.Token, what =>
        {
            if (what is { Kind: DeviceEventKind.Counted, Round: >= 4 })
            {
                stop.Cancel();
            }
        }));
        List<long> downloads = [];

        SessionSummary after = await federation.RunDeviceAsync("device", Digits.SolverFor(0, 1), happened: what => Take(downloads, what));

        Assert.Equal(0, after.Failed);
        Assert.NotEmpty(downloads);
        Assert.All(downloads, bytes => Assert.InRange(bytes, 1, DenseBytes / 3));
    }

    private static void Take(List<long> downloads, DeviceEvent what)
    {
        if (what.Kind == DeviceEventKind.Downloading && what.BytesDone == what.BytesTotal)
        {
            downloads.Add(what.BytesTotal);
        }
    }
}
