namespace Federated.FunctionalTests.Dapr;

/// <summary>Pub/sub over the streams of a real Redis.</summary>
public sealed class RedisPubSubTests(RedisServer redis) : PubSubConformance
{
    private protected override async Task<SidecarUnderTest> StartAsync(Uri? app) => await SidecarUnderTest.StartAsync(app, await redis.OpenAsync());
}
