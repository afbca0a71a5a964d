namespace Federated.FunctionalTests.Dapr;

/// <summary>Pub/sub kept in the sidecar.</summary>
public sealed class InMemoryPubSubTests : PubSubConformance
{
    private protected override Task<SidecarUnderTest> StartAsync(Uri? app) => SidecarUnderTest.StartAsync(app, redis: null);
}
