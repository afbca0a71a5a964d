using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Training;
using Federated.FunctionalTests.Server;
using Federated.PeerHost;

namespace Federated.FunctionalTests.Exchange;

/// <summary>A small exchange: a linear model of 27 weights, three clouds of points, and devices on the SDK.</summary>
internal sealed class ExchangeWorld : IDisposable
{
    public const int Features = Clouds.Features;
    public const int Outputs = Clouds.Outputs;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-exchange-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string Folder(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A device whose solver has gradients that throw.</summary>
    public SdkDevice Device(string grpc, string token, string? jobId, int number, IObjective objective) =>
        new(grpc, token, jobId, Folder($"device-{number}"), new SgdSolver(objective));

    public static object Definition(int rounds, int cohort, object? parameters = null, double deadlineSeconds = 600, double selectionSeconds = 600) => new
    {
        name = "exchange",
        linear = new { features = Features, outputs = Outputs },
        rounds,
        algorithm = new { name = "onebyte", parameters = parameters ?? new { probes = 2, window = 8 } },
        local = new { epochs = 1, batchSize = 32, learningRate = 0.02, momentum = 0.5 },
        round = new { cohortSize = cohort, deadlineSeconds, selectionSeconds },
    };

    public static async Task<string> CreateJobAsync(HttpClient administrator, object definition)
    {
        using var response = await administrator.PostAsJsonAsync("/api/v1/jobs", definition, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    public static async Task<string> StatusAsync(HttpClient administrator, string jobId) =>
        (string)(await administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}", Cancellation))!["status"]!;

    /// <summary>Waits until the open round has the gradients of so many machines.</summary>
    public static Task WaitForStoredAsync(HttpClient administrator, string jobId, int machines) => Poll.UntilAsync(
        async () => (int?)(await administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}", Cancellation))!["progress"]?["stored"] >= machines, Cancellation);
}
