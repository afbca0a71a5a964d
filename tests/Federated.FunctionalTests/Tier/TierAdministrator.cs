using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Federated.FunctionalTests.Tier;

/// <summary>What an administrator does and sees over REST.</summary>
internal sealed class TierAdministrator(int restPort) : IDisposable
{
    public const string Key = "tier-test-administrator-key";

    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://127.0.0.1:{restPort}"), DefaultRequestHeaders = { { "X-Api-Key", Key } } };

    private static CancellationToken Cancellation => TierWorld.Cancellation;

    /// <summary>How many nodes the server knows.</summary>
    public async Task<int> CountNodesAsync() => (await _client.GetFromJsonAsync<JsonArray>("/api/v1/nodes", Cancellation))!.Count;

    /// <returns>An enrolment token.</returns>
    public async Task<string> CreateTokenAsync(int uses) =>
        (string)(await PostAsync("/api/v1/enrolment-tokens", new { uses, lifetimeHours = 1 }))["token"]!;

    /// <returns>The job's id.</returns>
    public async Task<string> CreateJobAsync(object definition) => (string)(await PostAsync("/api/v1/jobs", definition))["jobId"]!;

    public Task RevokeAsync(string deviceId) => PostAsync($"/api/v1/devices/{deviceId}/revoke", new { });

    /// <summary>The tree of an open round with what its nodes have stored; null while it is not open.</summary>
    public async Task<JsonObject?> FindTreeAsync(string jobId, int round)
    {
        using HttpResponseMessage response = await _client.GetAsync(
            $"/api/v1/jobs/{jobId}/rounds/{round}/tree/live", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        while (await reader.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonNode.Parse(line["data: ".Length..])!.AsObject();
            }
        }

        return null;
    }

    /// <summary>The most leaves of a node in each tree of a round, in the order of their revisions; null while it has no tree.</summary>
    public async Task<int[]?> FindLeavesAsync(string jobId, int round)
    {
        using HttpResponseMessage response = await _client.GetAsync($"/api/v1/jobs/{jobId}/rounds/{round}/tree", Cancellation);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        JsonArray revisions = (await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!["revisions"]!.AsArray();
        return [.. revisions.OrderBy(revision => (int)revision!["revision"]!).Select(revision => revision!["nodes"]!.AsArray().Max(node => (int)node!["leaves"]!))];
    }

    /// <summary>Coefficients and scores of the updates of a round, in the order of their assignment ids.</summary>
    public async Task<IReadOnlyList<(double? Coefficient, double Trust)>> TrustAsync(string jobId, int round)
    {
        JsonArray items = (await _client.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/trust?round={round}&limit=1000", Cancellation))!["items"]!.AsArray();
        return [.. items.OrderBy(item => (string)item!["assignmentId"]!, StringComparer.Ordinal).Select(item => ((double?)item!["coefficient"], (double)item["trust"]!))];
    }

    public void Dispose() => _client.Dispose();

    private async Task<JsonObject> PostAsync(string path, object body)
    {
        using HttpResponseMessage response = await _client.PostAsJsonAsync(path, body, Cancellation);
        var answer = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, answer?.ToJsonString());
        return answer!;
    }
}
