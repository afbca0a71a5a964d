using Federated.Aggregator.Ingest;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Aggregator;

public sealed class RetryAdviceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Next_SteadyNode_SpreadsThoseWhoCameByTheTimeOfASlot()
    {
        var advice = new RetryAdvice(_time);
        for (int i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            advice.SlotFreed();
        }

        Assert.Equal(200, advice.Next().TotalMilliseconds, 1.5);
        Assert.Equal(400, advice.Next().TotalMilliseconds, 1.5);
    }

    [Fact]
    public void Next_Always_StaysBetweenItsBounds()
    {
        var advice = new RetryAdvice(_time);
        for (int i = 0; i < 1000; i++)
        {
            Assert.InRange(advice.Next(), TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(30));
        }
    }
}
