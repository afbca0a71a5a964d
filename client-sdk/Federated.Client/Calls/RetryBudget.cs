namespace Federated.Client.Calls;

/// <summary>How long one call may go on failing without progress.</summary>
internal sealed class RetryBudget(TimeSpan giveUpAfter, TimeProvider timeProvider)
{
    private long? _firstFailure;

    /// <summary>How often the call has failed in all.</summary>
    public int Failures { get; private set; }

    /// <summary>Something arrived: the next failure is a first one again.</summary>
    public void Progress() => _firstFailure = null;

    /// <summary>Counts a failure; true while the call may be tried again.</summary>
    public bool AllowsAnother()
    {
        Failures++;
        _firstFailure ??= timeProvider.GetTimestamp();
        return giveUpAfter == Timeout.InfiniteTimeSpan || timeProvider.GetElapsedTime(_firstFailure.Value) < giveUpAfter;
    }
}
