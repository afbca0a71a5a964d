namespace Federated.FunctionalTests.Dapr;

/// <summary>State in the hashes of a real Redis.</summary>
public sealed class RedisStateTests(RedisServer redis) : StateConformance
{
    private protected override async Task<SidecarUnderTest> StartAsync() => await SidecarUnderTest.StartAsync(app: null, await redis.OpenAsync());
}
