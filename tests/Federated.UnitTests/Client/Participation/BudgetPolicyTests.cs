using Federated.Client.Participation;

namespace Federated.UnitTests.Client.Participation;

public sealed class BudgetPolicyTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 8, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "budget.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Decide_BytesSpent_RefusesUntilThePeriodEnds()
    {
        var policy = new BudgetPolicy(File, Day) { Bytes = 1000 };
        Assert.True(Ask(policy, Start).TakesPart);

        policy.Spent(new ParticipationCost(600, 399, TimeSpan.Zero), Start.AddHours(1));
        Assert.True(Ask(policy, Start.AddHours(2)).TakesPart);
        policy.Spent(new ParticipationCost(0, 1, TimeSpan.Zero), Start.AddHours(2));

        Assert.Equal(ParticipationDecision.NotNow("the bytes of this period are spent", Start + Day), Ask(policy, Start.AddHours(3)));
        Assert.False(Ask(policy, Start + Day - TimeSpan.FromSeconds(1)).TakesPart);
        Assert.True(Ask(policy, Start + Day).TakesPart);
    }

    [Fact]
    public void Decide_TooFewBytesForATask_DoesNotBeginOne()
    {
        var policy = new BudgetPolicy(File, Day) { Bytes = 1000, TaskBytes = 300 };

        Ask(policy, Start);
        policy.Spent(new ParticipationCost(700, 0, TimeSpan.Zero), Start);
        Assert.True(Ask(policy, Start).TakesPart);
        policy.Spent(new ParticipationCost(1, 0, TimeSpan.Zero), Start);

        Assert.False(Ask(policy, Start).TakesPart);
        Assert.True(Ask(policy, Start.AddMinutes(1), workingSince: Start).TakesPart);
    }

    [Fact]
    public void Decide_Working_StopsWhenTheSecondsAreSpent()
    {
        var policy = new BudgetPolicy(File, Day) { Work = TimeSpan.FromMinutes(10) };
        Assert.Null(Ask(policy, Start).AskAgainAt);

        DateTimeOffset began = Start.AddMinutes(5);
        Assert.Equal(ParticipationDecision.Now(askAgainAt: began.AddMinutes(10)), Ask(policy, began, began));
        policy.Spent(new ParticipationCost(0, 0, TimeSpan.FromMinutes(7)), began.AddMinutes(7));

        began = Start.AddHours(1);
        Assert.Equal(ParticipationDecision.Now(askAgainAt: began.AddMinutes(3)), Ask(policy, began.AddMinutes(1), began));
        Assert.Equal(
            ParticipationDecision.NotNow("the seconds of this period are spent", Start + Day), Ask(policy, began.AddMinutes(3), began));
    }

    [Fact]
    public void Decide_AfterARestart_WhatWasSpentStaysSpent()
    {
        var first = new BudgetPolicy(File, Day) { Bytes = 1000, Work = TimeSpan.FromHours(1) };
        Ask(first, Start);
        first.Spent(new ParticipationCost(0, 0, TimeSpan.FromMinutes(59)), Start);
        first.Spent(new ParticipationCost(500, 400, TimeSpan.Zero), Start);

        var second = new BudgetPolicy(File, Day) { Bytes = 901, Work = TimeSpan.FromHours(1) };

        DateTimeOffset began = Start.AddHours(1);
        Assert.Equal(began.AddMinutes(1), Ask(second, began, began).AskAgainAt);
        second.Spent(new ParticipationCost(0, 1, TimeSpan.Zero), began);
        Assert.Equal(Start + Day, Ask(new BudgetPolicy(File, Day) { Bytes = 901 }, began).AskAgainAt);
    }

    [Fact]
    public void Decide_DamagedFile_CountsAsASpentPeriod()
    {
        System.IO.File.WriteAllText(File, "{\"begins\":");
        var policy = new BudgetPolicy(File, Day) { Bytes = 1000 };

        Assert.Equal(Start + Day, Ask(policy, Start).AskAgainAt);
        Assert.True(Ask(policy, Start + Day).TakesPart);
    }

    [Fact]
    public void Decide_ClockSetBackFar_BeginsAnew()
    {
        var policy = new BudgetPolicy(File, Day) { Bytes = 10 };
        Ask(policy, Start);
        policy.Spent(new ParticipationCost(10, 0, TimeSpan.Zero), Start);

        Assert.False(Ask(policy, Start.AddHours(-1)).TakesPart);
        Assert.True(Ask(policy, Start.AddDays(-30)).TakesPart);
    }

    [Fact]
    public void Decide_ClockSetBackDuringTheWork_GoesOn()
    {
        var policy = new BudgetPolicy(File, Day) { Bytes = 1000 };

        Assert.True(Ask(policy, Start.AddSeconds(-5), workingSince: Start).TakesPart);
    }

    [Fact]
    public void Decide_PeriodWithoutEnd_IsOneBudgetForEver()
    {
        var policy = new BudgetPolicy(File, TimeSpan.MaxValue) { Bytes = 10 };
        Assert.True(Ask(policy, Start).TakesPart);

        policy.Spent(new ParticipationCost(10, 0, TimeSpan.Zero), Start);

        Assert.Equal(ParticipationDecision.NotNow("the bytes of this period are spent", DateTimeOffset.MaxValue), Ask(policy, Start.AddYears(100)));
    }

    private static ParticipationDecision Ask(BudgetPolicy policy, DateTimeOffset now, DateTimeOffset? workingSince = null) =>
        policy.Decide(new ParticipationContext(now, DeviceConditions.Unknown, workingSince));
}
