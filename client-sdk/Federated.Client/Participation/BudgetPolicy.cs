namespace Federated.Client.Participation;

/// <summary>
/// Takes part until a number of bytes or of seconds of work is spent, anew in every period. What is spent is kept in a file, so that a restart of the application gives nothing back.
/// </summary>
/// <remarks>
/// Work stops when the seconds are spent. Bytes are not known before a task comes: the last task of a period may exceed them, unless <see cref="TaskBytes"/> keeps enough
/// free for it. A period begins with the first decision after the end of the last.
/// </remarks>
public sealed class BudgetPolicy : IParticipationPolicy
{
    private readonly BudgetLedger _ledger;

    /// <summary>Creates the policy. The file is read at the first decision.</summary>
    /// <param name="file">Where what is spent is kept; one file to a device. Its folder is made when it is missing.</param>
    /// <param name="period">For how long the budget is; above zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">The period is not above zero.</exception>
    public BudgetPolicy(string file, TimeSpan period)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(file);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        _ledger = new BudgetLedger(file, period);
    }

    /// <summary>Bytes to receive and send in a period. Default: no limit.</summary>
    public long Bytes { get; init; } = long.MaxValue;

    /// <summary>Time of local work in a period. Default: no limit.</summary>
    public TimeSpan Work { get; init; } = TimeSpan.MaxValue;

    /// <summary>Bytes that a task is expected to take, model and update together: with fewer left the device does not begin one. Default: 1.</summary>
    public long TaskBytes { get; init; } = 1;

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        BudgetPeriod spent = _ledger.At(context.Now);
        DateTimeOffset ends = _ledger.EndOf(spent);

        // A clock that was set back in the midst of the work has counted nothing yet.
        TimeSpan working = context.WorkingSince is { } since && context.Now > since ? context.Now - since : TimeSpan.Zero;
        TimeSpan left = Work - spent.Work - working;
        if (left <= TimeSpan.Zero)
        {
            return ParticipationDecision.NotNow("the seconds of this period are spent", ends);
        }

        if (!context.IsWorking && (spent.Bytes >= Bytes || Bytes - spent.Bytes < TaskBytes))
        {
            return ParticipationDecision.NotNow("the bytes of this period are spent", ends);
        }

        // Work counts only while it is under way: a device that waits for a task spends nothing.
        return ParticipationDecision.Now(askAgainAt: context.IsWorking && Work < TimeSpan.MaxValue ? context.Now + left : null);
    }

    /// <inheritdoc />
    public void Spent(ParticipationCost cost, DateTimeOffset now) => _ledger.Add(cost, now);
}
