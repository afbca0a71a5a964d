using Federated.Coordination.Persistence;

namespace Federated.Coordination.Jobs;

/// <summary>Another coordinator has taken the job over. Ends the loop of the one that finds out; never leaves it.</summary>
internal sealed class FencedException : Exception
{
    /// <summary>Ends the coordinator when a write was fenced.</summary>
    public static void ThrowIf(StoreOutcome outcome)
    {
        if (outcome == StoreOutcome.Fenced)
        {
            throw new FencedException();
        }
    }
}
