using Federated.Client.Participation;

namespace Federated.UnitTests.Client.Participation;

/// <summary>The policies that look at the device alone.</summary>
public sealed class ConditionPolicyTests
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0.6, false, false, true)]
    [InlineData(0.5, false, false, true)]
    [InlineData(0.4, false, false, false)]
    [InlineData(0.4, false, true, true)]
    [InlineData(0.29, false, true, false)]
    [InlineData(0.1, true, true, true)]
    [InlineData(null, true, false, true)]
    [InlineData(null, false, false, false)]
    [InlineData(null, null, true, false)]
    public void Battery_LevelAndCharger_DecideApartForTheBeginningAndTheWork(double? level, bool? charging, bool working, bool expected)
    {
        var conditions = new DeviceConditions { BatteryLevel = level, IsCharging = charging };

        Assert.Equal(expected, Ask(new BatteryPolicy(toBegin: 0.5, toGoOn: 0.3), conditions, working).TakesPart);
    }

    [Theory]
    [InlineData(NetworkKind.Unmetered, false, false, true)]
    [InlineData(NetworkKind.Metered, false, false, false)]
    [InlineData(NetworkKind.Metered, true, false, true)]
    [InlineData(NetworkKind.None, true, false, false)]
    [InlineData(NetworkKind.Unknown, true, false, false)]
    [InlineData(NetworkKind.None, false, true, true)]
    public void Network_Kind_DecidesBeforeTheWorkOnly(NetworkKind network, bool allowsMetered, bool working, bool expected)
    {
        var policy = new NetworkPolicy { AllowsMetered = allowsMetered };

        Assert.Equal(expected, Ask(policy, new DeviceConditions { Network = network }, working).TakesPart);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(null, false)]
    public void ChargingAndIdle_YesNoUnknown_OnlyYesTakesPart(bool? state, bool expected)
    {
        Assert.Equal(expected, Ask(new ChargingPolicy(), new DeviceConditions { IsCharging = state }).TakesPart);
        Assert.Equal(expected, Ask(new IdlePolicy(), new DeviceConditions { IsIdle = state }).TakesPart);
    }

    [Fact]
    public void AnyCondition_DefaultConditions_RefusesAndSaysWhatIsUnknown()
    {
        DeviceConditions nothing = UnknownDeviceConditions.Instance.Current;
        foreach (IParticipationPolicy policy in new IParticipationPolicy[] { new BatteryPolicy(), new ChargingPolicy(), new IdlePolicy(), new NetworkPolicy() })
        {
            ParticipationDecision decision = Ask(policy, nothing);

            Assert.False(decision.TakesPart);
            Assert.Contains("unknown: the application supplies no such condition", decision.Reason, StringComparison.Ordinal);
            Assert.Null(decision.AskAgainAt);
        }
    }

    [Fact]
    public void AnyCondition_ToldToGoOnUnknown_TakesPart()
    {
        DeviceConditions nothing = DeviceConditions.Unknown;

        Assert.True(Ask(new BatteryPolicy { TakesPartWhenUnknown = true }, nothing).TakesPart);
        Assert.True(Ask(new ChargingPolicy { TakesPartWhenUnknown = true }, nothing).TakesPart);
        Assert.True(Ask(new IdlePolicy { TakesPartWhenUnknown = true }, nothing).TakesPart);
        Assert.True(Ask(new NetworkPolicy { TakesPartWhenUnknown = true }, nothing).TakesPart);
        Assert.False(Ask(new ChargingPolicy { TakesPartWhenUnknown = true }, nothing with { IsCharging = false }).TakesPart);
    }

    [Fact]
    public void AllOf_EverybodyTakesPart_FewestStepsAndFirstQuestion()
    {
        var policy = new AllOfPolicy(
            new StepLimitPolicy(20),
            new ScriptedPolicy(_ => ParticipationDecision.Now(50, Noon.AddHours(2))),
            new ScriptedPolicy(_ => ParticipationDecision.Now(30, Noon.AddHours(1))),
            new AlwaysPolicy());

        ParticipationDecision decision = Ask(policy, DeviceConditions.Unknown);

        Assert.Equal(ParticipationDecision.Now(20, Noon.AddHours(1)), decision);
    }

    [Fact]
    public void AllOf_SomeRefuse_AllReasonsAndLastQuestion()
    {
        var policy = new AllOfPolicy(
            new ScriptedPolicy(_ => ParticipationDecision.NotNow("first", Noon.AddHours(1))),
            new AlwaysPolicy(),
            new ScriptedPolicy(_ => ParticipationDecision.NotNow("second", Noon.AddHours(3))),
            new ScriptedPolicy(_ => ParticipationDecision.NotNow("third", Noon.AddHours(2))));

        Assert.Equal(ParticipationDecision.NotNow("first; second; third", Noon.AddHours(3)), Ask(policy, DeviceConditions.Unknown));
    }

    [Fact]
    public void AllOf_OneWaitsForItsConditions_AllDo()
    {
        var policy = new AllOfPolicy(
            new ScriptedPolicy(_ => ParticipationDecision.NotNow("first", Noon.AddHours(1))),
            new ChargingPolicy(),
            new ScriptedPolicy(_ => ParticipationDecision.NotNow("third", Noon.AddHours(2))));

        Assert.Null(Ask(policy, new DeviceConditions { IsCharging = false }).AskAgainAt);
    }

    [Fact]
    public void AllOf_Spending_IsToldToEveryPolicy()
    {
        var one = new ScriptedPolicy(_ => ParticipationDecision.Now());
        var two = new ScriptedPolicy(_ => ParticipationDecision.Now());
        var cost = new ParticipationCost(1, 2, TimeSpan.FromSeconds(3));

        new AllOfPolicy(one, two).Spent(cost, Noon);

        Assert.Equal([cost], one.Told);
        Assert.Equal([cost], two.Told);
    }

    private static ParticipationDecision Ask(IParticipationPolicy policy, DeviceConditions conditions, bool working = false) =>
        policy.Decide(new ParticipationContext(Noon, conditions, working ? Noon.AddMinutes(-1) : null));
}
