namespace Federated.Protocol.Jobs;

/// <summary>How a round is filled and closed.</summary>
public sealed record RoundSettings
{
    /// <summary>Devices whose updates a round is made for, 1 to 1,000,000; for asynchronous algorithms, devices that work at the same time.</summary>
    public int CohortSize { get; set; } = 10;

    /// <summary>Devices of the population, for algorithms that need their number N; 0 when it is not known. A simulation fills it in.</summary>
    public int Population { get; set; }

    /// <summary>Devices are selected in this multiple of the cohort size, in [1, 10], because some drop out.</summary>
    public double OverSelection { get; set; } = 1.0;

    /// <summary>Updates that close the round at once; 0 for the cohort size.</summary>
    public int ReportGoal { get; set; }

    /// <summary>Updates below which the deadline abandons the round, at least 1.</summary>
    public int MinimumToClose { get; set; } = 1;

    /// <summary>Seconds from the first assignment to the end of reporting.</summary>
    public double DeadlineSeconds { get; set; } = 600;

    /// <summary>Seconds to wait for the cohort to fill before the round starts with those present (at least the minimum).</summary>
    public double SelectionSeconds { get; set; } = 60;

    /// <summary>Abandoned rounds in a row after which the job pauses.</summary>
    public int MaxAbandoned { get; set; } = 10;

    /// <summary>How the devices of a training round are picked: <c>uniform</c>, <c>data</c>, <c>power-of-choice</c> or <c>oort</c>, with parameters behind a colon.</summary>
    public string Selection { get; set; } = "uniform";
}
