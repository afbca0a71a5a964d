using Federated.Client.Participation;
using Federated.Client.Sessions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Client.Participation;

/// <summary>When the policy is asked, and what follows from its answers.</summary>
public sealed class ParticipationGateTests
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 8, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly ChangingConditions _conditions = new(DeviceConditions.Unknown);
    private readonly List<DeviceEvent> _events = [];

    [Fact]
    public async Task WaitAsync_RefusedUntilATime_AsksAgainThen()
    {
        var policy = new ScriptedPolicy(context => context.Now < Start.AddHours(2)
            ? ParticipationDecision.NotNow("too early", Start.AddHours(2))
            : ParticipationDecision.Now());
        Task wait = Gate(policy).WaitAsync(TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromHours(2) - TimeSpan.FromMilliseconds(1));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await wait;

        Assert.Equal([Start, Start.AddHours(2)], policy.Asked.Select(context => context.Now));
        DeviceEvent rest = Assert.Single(_events);
        Assert.Equal((DeviceEventKind.Resting, TimeSpan.FromHours(2)), (rest.Kind, rest.Delay));
        Assert.Contains("too early", rest.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitAsync_RefusedForConditions_AsksWhenTheyChange()
    {
        Task wait = Gate(new ChargingPolicy()).WaitAsync(TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromDays(3));
        Assert.False(wait.IsCompleted);
        _conditions.Become(new DeviceConditions { IsCharging = true });
        await wait;
    }

    [Fact]
    public async Task WaitAsync_Cancelled_Ends()
    {
        using var stop = new CancellationTokenSource();
        Task wait = Gate(new ChargingPolicy()).WaitAsync(stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public void Watch_ConditionsChange_RefusalCancels()
    {
        _conditions.Become(new DeviceConditions { IsCharging = true });
        using ParticipationWatch watch = Gate(new ChargingPolicy()).Watch();
        Assert.True(watch.Decision.TakesPart);
        Assert.False(watch.Refused.IsCancellationRequested);

        _conditions.Become(new DeviceConditions { IsCharging = false });

        Assert.True(watch.Refused.IsCancellationRequested);
        Assert.Equal("the device does not charge", watch.Decision.Reason);
    }

    [Fact]
    public void Watch_WorkBegins_PolicyHearsSinceWhenAndStopsAtItsTime()
    {
        var policy = new ScriptedPolicy(context => context.WorkingSince is not { } since ? ParticipationDecision.Now(7)
            : context.Now < since.AddMinutes(10) ? ParticipationDecision.Now(5, since.AddMinutes(10))
            : ParticipationDecision.NotNow("enough"));
        using ParticipationWatch watch = Gate(policy).Watch();
        Assert.Equal(7, watch.Decision.MaxSteps);

        _time.Advance(TimeSpan.FromMinutes(30));
        watch.BeginWork();
        Assert.Equal(5, watch.Decision.MaxSteps);
        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.False(watch.Refused.IsCancellationRequested);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.True(watch.Refused.IsCancellationRequested);
    }

    [Fact]
    public void Watch_Disposed_IsNotAskedAnyMore()
    {
        var policy = new ScriptedPolicy(context => ParticipationDecision.Now(askAgainAt: context.Now.AddMinutes(1)));
        ParticipationWatch watch = Gate(policy).Watch();
        watch.Dispose();
        int asked = policy.Asked.Count;

        _time.Advance(TimeSpan.FromHours(1));
        _conditions.Become(new DeviceConditions { IsCharging = true });

        Assert.Equal(asked, policy.Asked.Count);
    }

    [Fact]
    public void Ask_PolicyThrows_RefusesForAMinute()
    {
        ParticipationDecision decision = Gate(new ScriptedPolicy(_ => throw new InvalidOperationException("bug"))).Ask(null);

        Assert.False(decision.TakesPart);
        Assert.Equal(Start.AddMinutes(1), decision.AskAgainAt);
    }

    [Fact]
    public void Book_BytesAndWork_AreToldOnce()
    {
        var policy = new ScriptedPolicy(_ => ParticipationDecision.Now());
        ParticipationGate gate = Gate(policy);

        gate.Received(100);
        gate.Received(20);
        gate.Book();
        gate.Book();
        gate.Sent(7);
        gate.Book(TimeSpan.FromSeconds(3));

        Assert.Equal([new ParticipationCost(120, 0, TimeSpan.Zero), new ParticipationCost(0, 7, TimeSpan.FromSeconds(3))], policy.Told);
    }

    private ParticipationGate Gate(IParticipationPolicy policy) =>
        new(policy, _conditions, new DeviceEvents(_events.Add), _time, NullLogger.Instance);
}
