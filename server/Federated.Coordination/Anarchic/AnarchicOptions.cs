using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Anarchic;

/// <summary>What every asynchronous algorithm lets a job choose.</summary>
/// <param name="Buffer">m: updates that make a version.</param>
/// <param name="MaxStaleness">Largest staleness that the policy lets pass.</param>
/// <param name="Policy">What happens beyond it.</param>
/// <param name="Clip">Largest L2 norm of a normalised difference; 0 for no bound.</param>
/// <param name="Repeats">Whether one worker may be in a buffer several times.</param>
/// <param name="FlushSeconds">Seconds after which fewer updates are enough; 0 for never.</param>
/// <param name="FlushMinimum">Updates that are enough then.</param>
internal sealed record AnarchicOptions(
    int Buffer, long MaxStaleness, StalePolicy Policy, double Clip, bool Repeats, double FlushSeconds, int FlushMinimum)
{
    public static AlgorithmParameter BufferParameter { get; } =
        new("buffer", 10, "a whole number of at least 1", value => IsWhole(value, 1), "updates that make a model version");

    public static AlgorithmParameter StalenessParameter { get; } =
        new("maxStaleness", 100, "a whole number of at least 0", value => IsWhole(value, 0), "versions that an update may be behind");

    public static AlgorithmParameter PolicyParameter { get; } =
        new("stalePolicy", 0, "0, 1 or 2", value => value is 0 or 1 or 2, "beyond maxStaleness: 0 refuse, 1 accept, 2 count by (1 + bound)/(1 + staleness)");

    public static AlgorithmParameter ClipParameter { get; } =
        new("clip", 0, "at least 0", value => value >= 0, "largest L2 norm of an update (of one per step, where the algorithm normalises); 0 for no bound");

    public static AlgorithmParameter FlushSecondsParameter { get; } =
        new("flushSeconds", 0, "0 to 2592000 (30 days)", value => value is >= 0 and <= 30 * 86_400, "seconds after a buffer's first update when flushMinimum are enough; 0 for never");

    public static AlgorithmParameter FlushMinimumParameter { get; } =
        new("flushMinimum", 1, "a whole number of at least 1", value => IsWhole(value, 1), "updates that are enough after flushSeconds");

    /// <summary>Those of an algorithm with a buffer.</summary>
    /// <param name="job">The job.</param>
    /// <param name="repeats">Whether one worker may be in a buffer several times.</param>
    public static AnarchicOptions Of(JobDefinition job, bool repeats) => new(
        (int)BufferParameter.Of(job),
        (long)StalenessParameter.Of(job),
        (StalePolicy)PolicyParameter.Of(job),
        ClipParameter.Of(job),
        repeats,
        FlushSecondsParameter.Of(job),
        (int)FlushMinimumParameter.Of(job));

    /// <summary>A whole number of at least so much that an int can hold.</summary>
    public static bool IsWhole(double value, int least) => value >= least && value <= int.MaxValue && value == Math.Floor(value);
}
