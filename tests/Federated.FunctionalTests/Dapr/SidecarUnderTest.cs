using System.Diagnostics;
using System.Globalization;
using Dapr.Client;
using Federated.DaprSidecar;
using Federated.DaprSidecar.Delivery;
using Federated.DaprSidecar.Faults;
using StackExchange.Redis;

namespace Federated.FunctionalTests.Dapr;

/// <summary>
/// What the conformance scenarios run on: Dapr's own <c>daprd</c> where it is on the PATH, else the sidecar of this repository. Each
/// serves one app, with the components <c>pubsub</c> and <c>statestore</c> and an inbound retry policy.
/// </summary>
internal sealed class SidecarUnderTest : IAsyncDisposable
{
    public const string PubSub = "pubsub";
    public const string Store = "statestore";
    public const string AppId = "conformance";
    public const int MaxRetries = 8;

    private readonly DevelopmentSidecar? _development;
    private readonly Process? _daprd;
    private readonly string? _folder;

    private SidecarUnderTest(DevelopmentSidecar development)
    {
        _development = development;
        (Http, Grpc) = (development.Endpoints[0].Http, development.Endpoints[0].Grpc);
        Client = Connect();
    }

    private SidecarUnderTest(Process daprd, string folder, int httpPort, int grpcPort)
    {
        (_daprd, _folder) = (daprd, folder);
        (Http, Grpc) = ($"http://127.0.0.1:{httpPort}", $"http://127.0.0.1:{grpcPort}");
        Client = Connect();
    }

    public static bool IsDaprd => Binaries.Find("daprd") is not null;

    public string Http { get; }

    public string Grpc { get; }

    public DaprClient Client { get; }

    public FaultInjector Faults => _development!.Faults;

    /// <param name="app">Where the app listens; null for an app without subscriptions.</param>
    /// <param name="redis">A Redis server for both components; null keeps them in memory.</param>
    public static async Task<SidecarUnderTest> StartAsync(Uri? app, string? redis)
    {
        SidecarUnderTest sidecar = IsDaprd
            ? StartDaprd(app, redis)
            : new SidecarUnderTest(await DevelopmentSidecar.StartAsync(
                new SidecarOptions
                {
                    Apps = [new SidecarApp(AppId, app, 0, 0)],
                    Redis = redis,
                    Retry = new RetryPolicy(TimeSpan.FromMilliseconds(20), MaxRetries),
                },
                TestContext.Current.CancellationToken));
        using var http = new HttpClient { BaseAddress = new Uri(sidecar.Http) };
        await Poll.UntilAsync(() => IsHealthyAsync(http), TestContext.Current.CancellationToken);
        return sidecar;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_development is not null)
        {
            await _development.DisposeAsync();
        }

        if (_daprd is not null)
        {
            _daprd.Kill();
            _daprd.Dispose();
            Directory.Delete(_folder!, recursive: true);
        }
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync("/v1.0/healthz", TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static SidecarUnderTest StartDaprd(Uri? app, string? redis)
    {
        (int http, int grpc) = (TestPorts.Next(), TestPorts.Next());
        string folder = Directory.CreateTempSubdirectory("federated-daprd-").FullName;
        File.WriteAllText(Path.Combine(folder, "components.yaml"), Components(redis));
        string[] arguments =
        [
            "--app-id", AppId, "--resources-path", folder,
            "--dapr-http-port", http.ToString(CultureInfo.InvariantCulture),
            "--dapr-grpc-port", grpc.ToString(CultureInfo.InvariantCulture),
            "--metrics-port", TestPorts.Next().ToString(CultureInfo.InvariantCulture),
            "--dapr-internal-grpc-port", TestPorts.Next().ToString(CultureInfo.InvariantCulture),
            .. app is null ? Array.Empty<string>() : ["--app-port", app.Port.ToString(CultureInfo.InvariantCulture)],
        ];
        Process daprd = Process.Start(new ProcessStartInfo(Binaries.Find("daprd")!, arguments) { RedirectStandardOutput = true })!;
        daprd.BeginOutputReadLine();
        return new SidecarUnderTest(daprd, folder, http, grpc);
    }

    private static string Components(string? redis)
    {
        string metadata = "  metadata: []";
        if (redis is not null)
        {
            var options = ConfigurationOptions.Parse(redis);
            metadata = $"  metadata:\n  - {{ name: redisHost, value: \"{options.EndPoints[0]}\" }}\n  - {{ name: redisDB, value: \"{options.DefaultDatabase}\" }}";
        }

        string kind = redis is null ? "in-memory" : "redis";
        return $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: {{PubSub}} }
            spec:
              type: pubsub.{{kind}}
              version: v1
            {{metadata}}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: {{Store}} }
            spec:
              type: state.{{kind}}
              version: v1
            {{metadata}}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: resiliency }
            spec:
              policies:
                retries:
                  inbound: { policy: constant, duration: 20ms, maxRetries: {{MaxRetries}} }
              targets:
                components:
                  {{PubSub}}: { inbound: { retry: inbound } }
            """;
    }

    private DaprClient Connect() => new DaprClientBuilder().UseHttpEndpoint(Http).UseGrpcEndpoint(Grpc).Build();
}
