using Federated.Client.Calls;
using Federated.Numerics;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Client;

public sealed class RetryBudgetTests
{
    [Fact]
    public void AllowsAnother_AfterTheLimit_IsFalseUnlessThereWasProgress()
    {
        var time = new FakeTimeProvider();
        var budget = new RetryBudget(TimeSpan.FromMinutes(1), time);
        Assert.True(budget.AllowsAnother());
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(budget.AllowsAnother());
        budget.Progress();
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(budget.AllowsAnother());
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(budget.AllowsAnother());
        Assert.Equal(4, budget.Failures);
    }

    [Fact]
    public void AllowsAnother_WithoutLimit_IsAlwaysTrue()
    {
        var time = new FakeTimeProvider();
        var budget = new RetryBudget(Timeout.InfiniteTimeSpan, time);
        Assert.True(budget.AllowsAnother());
        time.Advance(TimeSpan.FromDays(365));
        Assert.True(budget.AllowsAnother());
    }

    [Fact]
    public void Stretch_Delay_IsNeverShorterAndAtMostAQuarterLonger()
    {
        var jitter = new Jitter(new CounterRandom(7, RandomPurpose.Pacing));
        var delay = TimeSpan.FromSeconds(8);
        TimeSpan[] stretched = [.. Enumerable.Range(0, 1000).Select(_ => jitter.Stretch(delay))];

        Assert.All(stretched, s => Assert.InRange(s, delay, delay * 1.25));
        Assert.InRange(stretched.Average(s => s.TotalSeconds), 8.9, 9.1);
    }

    [Theory]
    [InlineData("7000", 7000)]
    [InlineData("-1", null)]
    [InlineData("soon", null)]
    [InlineData("99999999999", null)]
    public void RetryAfter_Trailer_IsReadWhenItMakesSense(string value, int? milliseconds)
    {
        var failure = new RpcException(new Status(StatusCode.ResourceExhausted, ""), new Metadata { { "retry-after-ms", value } });

        Assert.Equal(milliseconds, (int?)TransientFailures.RetryAfter(failure)?.TotalMilliseconds);
    }
}
