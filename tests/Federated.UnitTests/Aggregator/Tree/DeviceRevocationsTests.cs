using Federated.Aggregator.Tree;
using Federated.Protocol.Tier;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Aggregator.Tree;

public sealed class DeviceRevocationsTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(1_000));

    [Fact]
    public void Take_EventThatBeginsAfterAGap_RefusesTheDeviceAndKnowsOfTheGap()
    {
        var revocations = new DeviceRevocations(_time);
        revocations.Take(Event(0, 10, "a"));

        revocations.Take(Event(20, 30, "c"));
        Assert.Equal((10, true), (revocations.Known, revocations.Contains("default", "c")));

        revocations.Take(Event(10, 30, "b", "c"));
        Assert.Equal((30, true), (revocations.Known, revocations.Contains("default", "b")));
    }

    [Fact]
    public void Take_OlderEventAgain_ChangesNothing()
    {
        var revocations = new DeviceRevocations(_time);
        revocations.Take(Event(0, 30, "a"));

        revocations.Take(Event(0, 10, "a"));

        Assert.Equal(30, revocations.Known);
    }

    [Fact]
    public void Take_AfterTheTokensHaveExpired_ForgetsTheDevice()
    {
        var revocations = new DeviceRevocations(_time);
        revocations.Take(Event(0, 10, "a"));
        _time.Advance(TimeSpan.FromMinutes(2));

        revocations.Take(Event(10, 20));

        Assert.False(revocations.Contains("default", "a"));
        Assert.False(revocations.Contains("other", "a"));
    }

    private static DevicesRevoked Event(long after, long until, params string[] devices) =>
        new(after, until, [.. devices.Select(device => new RevokedDevice("default", device, 60_000))]);
}
