namespace Federated.Client.Participation;

/// <summary>Takes part during certain hours of the local day, such as 22:00 to 06:00.</summary>
/// <remarks>
/// The local clock decides, also on the days when it is moved: hours that occur twice count twice, hours that are left out do not come.
/// </remarks>
public sealed class SchedulePolicy : IParticipationPolicy
{
    private readonly TimeOnly _from;
    private readonly TimeOnly _to;
    private readonly TimeZoneInfo _zone;

    /// <summary>Creates the policy.</summary>
    /// <param name="from">The hour at which the device may begin.</param>
    /// <param name="to">The hour at which it stops; before <paramref name="from"/> when the time passes midnight.</param>
    /// <param name="zone">Where the day is local; null for the device's own time zone.</param>
    /// <exception cref="ArgumentException">The two hours are the same.</exception>
    public SchedulePolicy(TimeOnly from, TimeOnly to, TimeZoneInfo? zone = null)
    {
        if (from == to)
        {
            throw new ArgumentException($"The schedule begins and ends at {from:HH\\:mm}; leave it out for the whole day.", nameof(to));
        }

        _from = from;
        _to = to;
        _zone = zone ?? TimeZoneInfo.Local;
    }

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        bool open = IsOpen(context.Now);
        DateTimeOffset change = NextChange(context.Now, open);
        return open
            ? ParticipationDecision.Now(askAgainAt: change)
            : ParticipationDecision.NotNow($"it is not between {_from:HH\\:mm} and {_to:HH\\:mm}", change);
    }

    private bool IsOpen(DateTimeOffset time) => TimeOnly.FromDateTime(TimeZoneInfo.ConvertTime(time, _zone).DateTime).IsBetween(_from, _to);

    private DateTimeOffset NextChange(DateTimeOffset now, bool open)
    {
        DateOnly today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, _zone).DateTime);
        DateTimeOffset next = DateTimeOffset.MaxValue;
        for (int day = 0; day <= 2; day++)
        {
            foreach (DateTimeOffset moment in Moments(today.AddDays(day), _from).Concat(Moments(today.AddDays(day), _to)))
            {
                if (moment > now && moment < next && IsOpen(moment) != open)
                {
                    next = moment;
                }
            }
        }

        return next;
    }

    /// <summary>When the local clock shows a time on a day: once as a rule, twice when it is set back, and when it is set forward over that time, the first moment after.</summary>
    private IEnumerable<DateTimeOffset> Moments(DateOnly day, TimeOnly time)
    {
        DateTime local = day.ToDateTime(time);
        while (_zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1);
        }

        return _zone.IsAmbiguousTime(local)
            ? _zone.GetAmbiguousTimeOffsets(local).Select(offset => new DateTimeOffset(local, offset))
            : [new DateTimeOffset(local, _zone.GetUtcOffset(local))];
    }
}
