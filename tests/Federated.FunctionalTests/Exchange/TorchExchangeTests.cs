using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.FunctionalTests.Server;
using Federated.PeerHost;
using Federated.Protocol.Models;
using TorchSharp;

namespace Federated.FunctionalTests.Exchange;

/// <summary>One byte per gradient, live, with a TorchSharp network that has batch normalisation and takes no memory for gradients.</summary>
public sealed class TorchExchangeTests : IDisposable
{
    private const int Rounds = 120;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ExchangeWorld _world = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Job_OfATorchModel_LearnsByForwardPassesAndItsStatisticsStayAsTheyCame()
    {
        TorchRuntime.Initialise();
        await using var server = await RunningServer.StartAsync();
        string token = await server.CreateEnrolmentTokenAsync();
        ModelContent initial = Initial();
        string jobId = await CreateJobAsync(server.Administrator, initial);
        TorchObjective[] objectives = [.. Enumerable.Range(0, 3).Select(number => Network((ulong)number))];

        SessionSummary[] summaries = await Task.WhenAll(objectives.Select((objective, number) =>
            _world.Device(server.Addresses.Grpc, token, jobId, number, objective).RunAsync(Cancellation))).WaitAsync(Patience, Cancellation);

        Assert.Single(summaries.Select(summary => summary.StateHash).Distinct());
        Assert.All(summaries, summary => Assert.Equal(Rounds, summary.Exchanged));
        ModelContent last = await LastModelAsync(server.Administrator, jobId);
        Assert.Equal(initial.Statistics, last.Statistics);
        Assert.Equal(initial.Counts, last.Counts);
        Assert.All(objectives, objective => Assert.Equal(initial.Statistics, StatisticsOf(objective)));
        double before = LossOf(objectives[0], initial), after = LossOf(objectives[0], last);
        Assert.True(after < 0.9 * before, $"{before} {after}");
        Array.ForEach(objectives, objective => objective.Dispose());
    }

    /// <summary>8 - 12 - 3 with batch normalisation, for forward passes only.</summary>
    private static TorchObjective Network(ulong seed)
    {
        torch.nn.Module<torch.Tensor, torch.Tensor> network = torch.nn.Sequential(
            ("hidden", torch.nn.Linear(ExchangeWorld.Features, 12)), ("norm", torch.nn.BatchNorm1d(12)), ("relu", torch.nn.ReLU()), ("output", torch.nn.Linear(12, ExchangeWorld.Outputs)));
        var objective = new TorchObjective(new FlatModule(network, trains: false), [ExchangeWorld.Features], ExchangeWorld.Outputs);
        ExampleSet clouds = Clouds.Of(seed);
        objective.Select(clouds, Enumerable.Range(0, clouds.Count).ToArray());
        return objective;
    }

    /// <summary>A model whose running means and variances are not those that a module begins with.</summary>
    private static ModelContent Initial()
    {
        using TorchObjective objective = Network(0);
        WeightInitialiser.Initialise(objective.Module.Module, seed: 3);
        ModelContent content = objective.Module.ToContent();
        for (int i = 0; i < content.Statistics.Length; i++)
        {
            content.Statistics[i] += 0.01f * (i + 1);
        }

        return content;
    }

    private static async Task<string> CreateJobAsync(HttpClient administrator, ModelContent model)
    {
        using var file = new ByteArrayContent(ModelFile.Write(model));
        file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage stored = await administrator.PostAsync("/api/v1/models", file, Cancellation);
        string blob = (string)(await stored.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!["blobId"]!;
        using HttpResponseMessage created = await administrator.PostAsJsonAsync(
            $"/api/v1/jobs?initialModel={blob}",
            new
            {
                name = "torch-exchange",
                rounds = Rounds,
                algorithm = new { name = "onebyte", parameters = new { probes = 4, window = 40 } },
                local = new { epochs = 1, batchSize = 32, learningRate = 0.02, momentum = 0.5 },
                round = new { cohortSize = 3, deadlineSeconds = 600, selectionSeconds = 600 },
            },
            Cancellation);
        var body = await created.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(created.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private static async Task<ModelContent> LastModelAsync(HttpClient administrator, string jobId)
    {
        var job = await administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}", Cancellation);
        Assert.Equal("completed", (string)job!["status"]!);
        return ModelFile.Read(await administrator.GetByteArrayAsync($"/api/v1/jobs/{jobId}/versions/{job["currentVersion"]}/model", Cancellation));
    }

    private static float[] StatisticsOf(TorchObjective objective)
    {
        float[] statistics = new float[objective.StatisticCount];
        objective.StoreStatistics(statistics, new long[objective.CountCount]);
        return statistics;
    }

    private static double LossOf(TorchObjective objective, ModelContent model)
    {
        objective.LoadStatistics(model.Statistics, model.Counts);
        return objective.Evaluate(model.Parameters, Cancellation).MeanLoss;
    }
}
