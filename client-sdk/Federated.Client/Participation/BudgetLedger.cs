using System.Text.Json;
using Federated.Client.Storage;

namespace Federated.Client.Participation;

/// <summary>What is spent in the present period, on disk after every change.</summary>
internal sealed class BudgetLedger(string file, TimeSpan length)
{
    private BudgetPeriod? _period;

    /// <summary>When a period ends; the end of time for one that is longer.</summary>
    public DateTimeOffset EndOf(BudgetPeriod period) => length < DateTimeOffset.MaxValue - period.Begins ? period.Begins + length : DateTimeOffset.MaxValue;

    /// <summary>The present period; a new one, with nothing spent, when the last is over.</summary>
    public BudgetPeriod At(DateTimeOffset now)
    {
        _period ??= Read(now);

        // A clock that was set back must not make the period longer than it is.
        if (_period is null || now >= EndOf(_period) || _period.Begins - now > length)
        {
            _period = new BudgetPeriod(now, 0, TimeSpan.Zero);
        }

        return _period;
    }

    public void Add(ParticipationCost cost, DateTimeOffset now)
    {
        BudgetPeriod period = At(now);
        _period = period with
        {
            Bytes = Plus(period.Bytes, Plus(cost.BytesDown, cost.BytesUp)),
            Work = TimeSpan.FromTicks(Plus(period.Work.Ticks, cost.Work.Ticks)),
        };
        PrivateFile.Replace(file, JsonSerializer.SerializeToUtf8Bytes(_period, BudgetJson.Default.BudgetPeriod));
    }

    private BudgetPeriod? Read(DateTimeOffset now)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllBytes(file), BudgetJson.Default.BudgetPeriod) : null;
        }
        catch (JsonException)
        {
            // Nobody knows what was spent: the owner of the device loses less by a period without work than by a second budget.
            return new BudgetPeriod(now, long.MaxValue, TimeSpan.MaxValue);
        }
    }

    private static long Plus(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;
}
