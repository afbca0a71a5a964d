using System.Globalization;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Rounds;

/// <summary>Names assignments. Round keys are never used twice, so that key and number make an id that is unique for ever.</summary>
public static class AssignmentIds
{
    /// <summary>The id of an assignment, such as <c>a1b2-t12-7</c>: job, kind (t, e, s) and round, number.</summary>
    /// <param name="round">The round.</param>
    /// <param name="number">Position in the cohort, from 0.</param>
    public static string Of(RoundKey round, int number)
    {
        char kind = round.Kind switch
        {
            TaskKind.Train => 't',
            TaskKind.Evaluate => 'e',
            _ => 's',
        };
        return string.Create(CultureInfo.InvariantCulture, $"{round.JobId}-{kind}{round.Round}-{number}");
    }

    /// <summary>The round that an id was made for.</summary>
    /// <param name="job">A round of the same job.</param>
    /// <param name="assignmentId">An id that was made by <see cref="Of"/>.</param>
    /// <exception cref="FormatException">It was not.</exception>
    public static RoundKey RoundOf(RoundKey job, string assignmentId)
    {
        ReadOnlySpan<char> rest = assignmentId.AsSpan(job.JobId.Length + 1);
        TaskKind kind = rest[0] switch
        {
            't' => TaskKind.Train,
            'e' => TaskKind.Evaluate,
            's' => TaskKind.Statistics,
            _ => throw new FormatException($"'{assignmentId}' names no round."),
        };
        return job with { Kind = kind, Round = int.Parse(rest[1..rest.IndexOf('-')], NumberStyles.None, CultureInfo.InvariantCulture) };
    }

    /// <summary>The job that an id belongs to; empty when it is not an id of ours.</summary>
    /// <param name="assignmentId">An id, possibly made up by a device.</param>
    public static string JobOf(string assignmentId)
    {
        int last = assignmentId.LastIndexOf('-');
        int previous = last > 0 ? assignmentId.LastIndexOf('-', last - 1) : -1;
        return previous > 0 ? assignmentId[..previous] : "";
    }
}
