namespace Federated.FunctionalTests.Dapr;

/// <summary>State kept in the sidecar.</summary>
public sealed class InMemoryStateTests : StateConformance
{
    private protected override Task<SidecarUnderTest> StartAsync() => SidecarUnderTest.StartAsync(app: null, redis: null);
}
