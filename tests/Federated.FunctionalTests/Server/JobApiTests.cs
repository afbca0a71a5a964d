using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Federated.Protocol.Models;

namespace Federated.FunctionalTests.Server;

public sealed class JobApiTests
{
    private const string LinearJob = """{ "name": "digits", "model": "logistic", "linear": { "features": 4, "outputs": 3 }, "rounds": 2 }""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_OfALinearModel_CanBeReadPausedResumedAndStopped()
    {
        await using var server = await RunningServer.StartAsync();

        var created = await JsonAsync(await PostAsync(server, "/api/v1/jobs", LinearJob), HttpStatusCode.Created);
        var job = $"/api/v1/jobs/{created["jobId"]}";
        var paused = await JsonAsync(await server.Administrator.PostAsync(job + "/pause", null, Cancellation), HttpStatusCode.OK);
        var resumed = await JsonAsync(await server.Administrator.PostAsync(job + "/resume", null, Cancellation), HttpStatusCode.OK);
        var stopped = await JsonAsync(await server.Administrator.PostAsync(job + "/stop", null, Cancellation), HttpStatusCode.OK);
        var read = await JsonAsync(await server.Administrator.GetAsync(job, Cancellation), HttpStatusCode.OK);
        var list = await JsonAsync(await server.Administrator.GetAsync("/api/v1/jobs", Cancellation), HttpStatusCode.OK);

        Assert.Equal("running", (string)created["status"]!);
        Assert.Equal(2, (int)created["definition"]!["rounds"]!);
        Assert.Equal("paused", (string)paused["status"]!);
        Assert.Equal("running", (string)resumed["status"]!);
        Assert.Equal("stopped", (string)stopped["status"]!);
        Assert.Equal("stopped", (string)read["status"]!);
        Assert.Single(list["items"]!.AsArray());
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("stop")]
    [InlineData("versions/0/roll-back")]
    public async Task Command_ToAnEndedOrUnknownJob_IsRefused(string command)
    {
        await using var server = await RunningServer.StartAsync();
        var created = await JsonAsync(await PostAsync(server, "/api/v1/jobs", LinearJob), HttpStatusCode.Created);
        await JsonAsync(await server.Administrator.PostAsync($"/api/v1/jobs/{created["jobId"]}/stop", null, Cancellation), HttpStatusCode.OK);

        using var ended = await server.Administrator.PostAsync($"/api/v1/jobs/{created["jobId"]}/{command}", null, Cancellation);
        using var unknown = await server.Administrator.PostAsync($"/api/v1/jobs/absent/{command}", null, Cancellation);

        await ProblemAsync(ended, HttpStatusCode.Conflict);
        await ProblemAsync(unknown, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/api/v1/jobs/absent")]
    [InlineData("/api/v1/jobs/absent/rounds")]
    [InlineData("/api/v1/jobs/absent/trust")]
    [InlineData("/api/v1/jobs/absent/rounds/1")]
    [InlineData("/api/v1/jobs/absent/rounds/1?kind=evaluate")]
    [InlineData("/api/v1/jobs/absent/rounds/1/failures")]
    [InlineData("/api/v1/jobs/absent/rounds/1/assignments")]
    [InlineData("/api/v1/jobs/absent/failures")]
    [InlineData("/api/v1/jobs/absent/metrics")]
    [InlineData("/api/v1/jobs/absent/statistics")]
    [InlineData("/api/v1/jobs/absent/versions")]
    [InlineData("/api/v1/jobs/absent/versions/0/model")]
    public async Task Get_OfAnUnknownJob_Is404(string path)
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await server.Administrator.GetAsync(path, Cancellation);

        await ProblemAsync(response, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Get_WithAForeignCursor_Is400()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await server.Administrator.GetAsync("/api/v1/jobs/any/rounds?after=x", Cancellation);

        await ProblemAsync(response, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Create_OutOfRange_ListsAllErrors()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await PostAsync(server, "/api/v1/jobs", """
            { "rounds": 0, "local": { "learningRate": -1 }, "round": { "cohortSize": 0 }, "linear": { "features": 4, "outputs": 3 } }
            """);

        var problem = await ProblemAsync(response, HttpStatusCode.BadRequest);
        var errors = problem["errors"]!.AsObject().Select(error => error.Key).ToList();
        Assert.Contains("rounds", errors);
        Assert.Contains("local.learningRate", errors);
        Assert.Contains("round.cohortSize", errors);
    }

    [Theory]
    [InlineData("""{ "algorithm": { "name": "magic" }, "linear": { "features": 4, "outputs": 3 } }""", "", "algorithm.name")]
    [InlineData("""{ "model": "lenet" }""", "", "initialModel")]
    [InlineData("""{ "model": "lenet" }""", "?initialModel=abc", "model")]
    [InlineData("""{ "model": "lenet" }""", "?initialModel=0000000000000000000000000000000000000000000000000000000000000000", "model")]
    public async Task Create_Impossible_NamesTheMember(string json, string query, string member)
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await PostAsync(server, "/api/v1/jobs" + query, json);

        var problem = await ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Contains(member, problem["errors"]!.AsObject().Select(error => error.Key));
    }

    [Theory]
    [InlineData("{ \"rounds\": \"ten\" }", "$.rounds")]
    [InlineData("{ \"round\": { \"cohort\": 3 } }", "$.round.cohort")]
    [InlineData("{ \"rounds\": 3 ", "$")]
    [InlineData("[]", "$")]
    [InlineData("null", null)]
    public async Task Create_Malformed_NamesThePath(string json, string? path)
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await PostAsync(server, "/api/v1/jobs", json);

        var problem = await ProblemAsync(response, HttpStatusCode.BadRequest);
        if (path is not null)
        {
            Assert.Equal(path, (string)problem["path"]!);
        }
    }

    [Fact]
    public async Task Model_Uploaded_IsTheFirstVersionOfItsJob()
    {
        await using var server = await RunningServer.StartAsync();
        var schema = LinearModel.CreateSchema(4, 3);
        var file = ModelFile.Write(new ModelContent(schema, [.. Enumerable.Range(0, 15).Select(i => i * 0.5f)]));

        var model = await JsonAsync(await UploadAsync(server, file), HttpStatusCode.Created);
        var job = await JsonAsync(
            await PostAsync(server, $"/api/v1/jobs?initialModel={model["blobId"]}", """{ "name": "uploaded" }"""), HttpStatusCode.Created);
        var versions = await JsonAsync(await server.Administrator.GetAsync($"/api/v1/jobs/{job["jobId"]}/versions", Cancellation), HttpStatusCode.OK);
        using var download = await server.Administrator.GetAsync($"/api/v1/jobs/{job["jobId"]}/versions/0/model", Cancellation);

        Assert.Equal(15, (int)model["parameterCount"]!);
        Assert.Equal(schema.HashText, (string)model["schemaHash"]!);
        Assert.Equal((string)model["blobId"]!, (string)versions["items"]![0]!["blobId"]!);
        Assert.Equal(file, await download.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Model_Unreadable_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await UploadAsync(server, "this is not a model"u8.ToArray());

        var problem = await ProblemAsync(response, HttpStatusCode.UnprocessableEntity);
        Assert.Contains("safetensors", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_TooLarge_IsRefused()
    {
        await using var server = await RunningServer.StartAsync("--Admin:MaximumModelBytes=1000");

        using var response = await UploadAsync(server, new byte[1001]);

        await ProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }

    private static Task<HttpResponseMessage> UploadAsync(RunningServer server, byte[] file)
    {
        var content = new ByteArrayContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return server.Administrator.PostAsync("/api/v1/models", content, Cancellation);
    }

    private static Task<HttpResponseMessage> PostAsync(RunningServer server, string path, string json)
    {
        return server.Administrator.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), Cancellation);
    }

    private static async Task<JsonObject> JsonAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(Cancellation);
            Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
            return JsonNode.Parse(text)!.AsObject();
        }
    }

    private static async Task<JsonObject> ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return await JsonAsync(response, status);
    }
}
