using Federated.Client.Participation;

namespace Federated.UnitTests.Client.Participation;

public sealed class SchedulePolicyTests
{
    /// <summary>One hour east of Greenwich; set forward by an hour on the last Sunday of March at 02:00, back on the last of October at 03:00.</summary>
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone(
        "test",
        TimeSpan.FromHours(1),
        "test",
        "test",
        "test, summer",
        [
            TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                DateTime.MinValue.Date,
                DateTime.MaxValue.Date,
                TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday)),
        ]);

    [Theory]
    [InlineData("2026-01-10T20:59:59Z", false, "2026-01-10T21:00:00Z")]
    [InlineData("2026-01-10T21:00:00Z", true, "2026-01-11T05:00:00Z")]
    [InlineData("2026-01-11T04:59:59Z", true, "2026-01-11T05:00:00Z")]
    [InlineData("2026-01-11T05:00:00Z", false, "2026-01-11T21:00:00Z")]
    public void Decide_OverMidnight_OpenFromFirstToLastHourOfTheLocalDay(string now, bool open, string change) =>
        AssertDecides(new SchedulePolicy(new TimeOnly(22, 0), new TimeOnly(6, 0), Zone), now, open, change);

    [Theory]
    [InlineData("2026-07-10T07:00:00Z", true, "2026-07-10T07:30:00Z")]
    [InlineData("2026-07-10T07:30:00Z", false, "2026-07-11T06:15:00Z")]
    public void Decide_Summer_FollowsTheLocalClock(string now, bool open, string change) =>
        AssertDecides(new SchedulePolicy(new TimeOnly(8, 15), new TimeOnly(9, 30), Zone), now, open, change);

    [Theory]
    [InlineData("2026-03-29T00:59:00Z", false, "2026-03-29T01:00:00Z")]
    [InlineData("2026-03-29T01:00:00Z", true, "2026-03-29T02:00:00Z")]
    public void Decide_ClockSetForwardOverTheBeginning_OpensAfterTheGap(string now, bool open, string change) =>
        AssertDecides(new SchedulePolicy(new TimeOnly(2, 30), new TimeOnly(4, 0), Zone), now, open, change);

    [Theory]
    [InlineData("2026-10-25T00:10:00Z", true, "2026-10-25T00:30:00Z")]
    [InlineData("2026-10-25T00:30:00Z", false, "2026-10-25T01:00:00Z")]
    [InlineData("2026-10-25T01:10:00Z", true, "2026-10-25T01:30:00Z")]
    public void Decide_ClockSetBack_HoursThatOccurTwiceCountTwice(string now, bool open, string change) =>
        AssertDecides(new SchedulePolicy(new TimeOnly(2, 0), new TimeOnly(2, 30), Zone), now, open, change);

    [Fact]
    public void Constructor_EmptySchedule_Throws() =>
        Assert.Throws<ArgumentException>(() => new SchedulePolicy(new TimeOnly(8, 0), new TimeOnly(8, 0)));

    private static void AssertDecides(SchedulePolicy policy, string now, bool open, string change)
    {
        ParticipationDecision decision = policy.Decide(
            new ParticipationContext(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture), DeviceConditions.Unknown));

        Assert.Equal(open, decision.TakesPart);
        Assert.Equal(DateTimeOffset.Parse(change, System.Globalization.CultureInfo.InvariantCulture), decision.AskAgainAt);
    }
}
