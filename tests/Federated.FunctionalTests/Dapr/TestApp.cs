using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Dapr;

/// <summary>An app with the subscriptions of Dapr's ASP.NET Core package, as its documentation sets them up.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestApp(WebApplication app)
    {
        _app = app;
    }

    public Uri Address => new(_app.Urls.First());

    /// <param name="map">Maps the handlers, each with <c>WithTopic</c>.</param>
    /// <param name="unwraps">Whether handlers see the data of an event, or its envelope.</param>
    public static async Task<TestApp> StartAsync(Action<WebApplication> map, bool unwraps = true)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        WebApplication app = builder.Build();
        if (unwraps)
        {
            app.UseCloudEvents();
        }

        app.MapSubscribeHandler();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestApp(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
