using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Federated.FunctionalTests.Server;

public sealed class RestTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/api/v1/devices", HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/api/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/v1/devices", HttpStatusCode.MethodNotAllowed)]
    public async Task Request_OfAStranger_IsAnsweredWithProblemDetails(string method, string path, HttpStatusCode status)
    {
        await using var server = await RunningServer.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(server.Addresses.Rest) };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await client.SendAsync(request, Cancellation);

        await ProblemAsync(response, status);
    }

    [Fact]
    public async Task Request_WithWrongKey_IsUnauthorized()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(server.Addresses.Rest) };
        client.DefaultRequestHeaders.Add("X-Api-Key", "wrong");

        using var response = await client.GetAsync("/api/v1/devices", Cancellation);

        await ProblemAsync(response, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Request_WithKeyAsBearer_IsAdmitted()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(server.Addresses.Rest) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", RunningServer.AdministratorKey);

        using var response = await client.GetAsync("/api/v1/devices", Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Body_OfAnotherMediaType_Is415()
    {
        await using var server = await RunningServer.StartAsync();
        using var content = new StringContent("uses: 3", Encoding.UTF8, "text/plain");

        using var response = await server.Administrator.PostAsync("/api/v1/enrolment-tokens", content, Cancellation);

        await ProblemAsync(response, HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("{\n  \"uses\": \"many\"\n}", "$.uses", 2)]
    [InlineData("{\n  \"uses\": 3,\n  \"colour\": 1\n}", "$.colour", 3)]
    [InlineData("{ \"uses\": 3,", "$", 1)]
    [InlineData("", null, 0)]
    public async Task Body_Malformed_NamesPathAndLine(string json, string? path, int line)
    {
        await using var server = await RunningServer.StartAsync();
        using var content = new StringContent(json, Encoding.UTF8, "application/json");

        using var response = await server.Administrator.PostAsync("/api/v1/enrolment-tokens", content, Cancellation);

        var problem = await ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.False(string.IsNullOrWhiteSpace((string?)problem["detail"]));
        if (path is not null)
        {
            Assert.StartsWith(path, (string)problem["path"]!, StringComparison.Ordinal);
            Assert.Equal(line, (int)problem["line"]!);
        }
    }

    [Fact]
    public async Task Body_OutOfRange_ListsAllErrors()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/enrolment-tokens", new { uses = 0, lifetimeHours = -1 }, Cancellation);

        var problem = await ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal(["lifetimeHours", "uses"], problem["errors"]!.AsObject().Select(error => error.Key).Order());
    }

    [Fact]
    public async Task Devices_InPages_AreListedOnceEach()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        for (var i = 0; i < 5; i++)
        {
            using var device = await TestDevice.EnrolAsync(server, token);
        }

        var seen = new List<string>();
        string? after = "";
        while (after is not null)
        {
            var page = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/devices?limit=2&after={after}", Cancellation);
            seen.AddRange(page!["items"]!.AsArray().Select(item => (string)item!["deviceId"]!));
            after = (string?)page["next"];
        }

        Assert.Equal(5, seen.Distinct().Count());
        Assert.Equal(5, seen.Count);
    }

    [Fact]
    public async Task Device_Unknown_Is404()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await server.Administrator.PostAsync("/api/v1/devices/absent/revoke", null, Cancellation);

        var problem = await ProblemAsync(response, HttpStatusCode.NotFound);
        Assert.Contains("absent", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdministrativeActs_AreAudited()
    {
        await using var server = await RunningServer.StartAsync();
        await server.CreateEnrolmentTokenAsync();

        var audit = await server.Administrator.GetFromJsonAsync<JsonObject>("/api/v1/audit", Cancellation);

        var act = Assert.Single(audit!["items"]!.AsArray());
        Assert.Equal("enrolment-token.create", (string)act!["act"]!);
        Assert.Equal("administrator", (string)act["actor"]!);
    }

    [Fact]
    public async Task OpenApi_IsServed()
    {
        await using var server = await RunningServer.StartAsync();

        var document = await server.Administrator.GetFromJsonAsync<JsonObject>("/openapi/v1.json", Cancellation);

        var paths = document!["paths"]!.AsObject().Select(path => path.Key).ToList();
        Assert.Contains("/api/v1/devices/{deviceId}/revoke", paths);
        Assert.Contains("/api/v1/enrolment-tokens", paths);
    }

    [Theory]
    [InlineData("/health/live", "live")]
    [InlineData("/health/ready", "ready")]
    public async Task Health_OfARunningServer_IsOk(string path, string status)
    {
        await using var server = await RunningServer.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(server.Addresses.Rest) };

        var health = await client.GetFromJsonAsync<JsonObject>(path, Cancellation);

        Assert.Equal(status, (string)health!["status"]!);
    }

    [Fact]
    public async Task DeviceAddress_ServesNoRest()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = new HttpClient
        {
            BaseAddress = new Uri(server.Addresses.Grpc),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        client.DefaultRequestHeaders.Add("X-Api-Key", RunningServer.AdministratorKey);

        using var response = await client.GetAsync("/api/v1/devices", Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static async Task<JsonObject> ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.Equal((int)status, (int)problem!["status"]!);
        return problem;
    }
}
