using Federated.Coordination.Rounds;

namespace Federated.UnitTests.Coordination.Rounds;

public sealed class PaceSteeringTests
{
    private static readonly PaceSteering Pace = new(7);

    [Fact]
    public void RetryAfter_SmallPopulation_CallsBackWithinSeconds()
    {
        for (long call = 0; call < 100; call++)
        {
            Assert.InRange(Pace.RetryAfter(Device(3, call), population: 10, RoundDriver.Terms).TotalSeconds, 1, 3);
        }
    }

    [Fact]
    public void RetryAfter_LargePopulation_SpreadsAroundTheTimeToDrawItOnce()
    {
        // 30,000 devices, 3 a round of at most 60 s: a mean of 60 x 30000 / (2 x 3) = 300,000 s is cut to an hour.
        Assert.Equal(3600, Pace.RetryAfter(Device(1, 1), 30_000, RoundDriver.Terms).TotalSeconds);

        // 90 devices: a mean of 900 s, spread between 450 and 1350.
        double[] seconds = [.. Enumerable.Range(0, 400).Select(device => Pace.RetryAfter(Device((uint)device, 1), 90, RoundDriver.Terms).TotalSeconds)];
        Assert.All(seconds, value => Assert.InRange(value, 450, 1350));
        Assert.InRange(seconds.Average(), 850, 950);
        Assert.InRange(seconds.Count(value => value < 675), 60, 140);
    }

    [Fact]
    public void RetryAfter_SameDeviceAndCall_IsTheSame() =>
        Assert.Equal(new PaceSteering(7).RetryAfter(Device(5, 9), 90, RoundDriver.Terms), Pace.RetryAfter(Device(5, 9), 90, RoundDriver.Terms));

    private static Candidate Device(uint index, long call) =>
        new(call, $"d{index}", index, DeviceTasks.Train, RoundDriver.Start);
}
