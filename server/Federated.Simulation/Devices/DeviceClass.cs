namespace Federated.Simulation.Devices;

/// <summary>
/// A kind of devices. The seed decides which clients are of it. The members have setters because generated JSON readers keep the defaults of absent members only then.
/// </summary>
public sealed record DeviceClass
{
    /// <summary>For people.</summary>
    public required string Name { get; set; }

    /// <summary>Share of the clients, in proportion to those of the other classes; greater than 0.</summary>
    public double Share { get; set; } = 1;

    /// <summary>Local steps a second of a typical device.</summary>
    public double StepsPerSecond { get; set; } = 10;

    /// <summary>Deviation of the logarithm of a device's speed from that of its class, at least 0.</summary>
    public double Spread { get; set; }

    /// <summary>Bytes a second from the server; 0 for no limit.</summary>
    public double DownBytesPerSecond { get; set; }

    /// <summary>Bytes a second to the server; 0 for no limit.</summary>
    public double UpBytesPerSecond { get; set; }

    /// <summary>Probability that a task comes to nothing, in [0, 1).</summary>
    public double DropOut { get; set; }

    /// <summary>Share of the planned local steps that a device does, drawn for each task between <see cref="LeastEffort"/> and this; greater than 0.</summary>
    public double MostEffort { get; set; } = 1;

    /// <summary>The smallest share; greater than 0.</summary>
    public double LeastEffort { get; set; } = 1;

    /// <summary>How often a device of the class offers itself, in proportion to others; greater than 0. Decides who works under asynchronous algorithms.</summary>
    public double Activity { get; set; } = 1;

    /// <summary>Seconds after which <see cref="On"/> repeats; 0 for devices that are always there.</summary>
    public double PeriodSeconds { get; set; }

    /// <summary>Intervals [from, to) of a period in which a device is there. Each device's period begins at a time of its own.</summary>
    public IReadOnlyList<double[]> On { get; set; } = [];

    /// <summary>What is wrong with it; null when nothing is.</summary>
    internal string? Fault()
    {
        double last = 0;
        foreach (double[] interval in On ?? [])
        {
            if (interval is not [double from, double to] || !(from >= last) || !(to > from) || !(to <= PeriodSeconds))
            {
                return "on: expected ascending pairs of seconds [from, to] within periodSeconds.";
            }

            last = interval[1];
        }

        return this switch
        {
            { On: null } => "on: expected pairs of seconds; leave it out for devices that are always there.",
            { Share: not (> 0 and < double.MaxValue) } => "share: expected a number greater than 0.",
            { StepsPerSecond: not (> 0 and < double.MaxValue) } => "stepsPerSecond: expected a number greater than 0.",
            { Spread: not (>= 0 and <= 5) } => "spread: expected a number from 0 to 5.",
            { DownBytesPerSecond: not >= 0 } => "downBytesPerSecond: expected at least 0.",
            { UpBytesPerSecond: not >= 0 } => "upBytesPerSecond: expected at least 0.",
            { DropOut: not (>= 0 and < 1) } => "dropOut: expected a probability in [0, 1).",
            { LeastEffort: not > 0 } => "leastEffort: expected a number greater than 0.",
            { MostEffort: not <= 1000 } => "mostEffort: expected at most 1,000.",
            _ when MostEffort < LeastEffort => "mostEffort: expected at least leastEffort.",
            { Activity: not (> 0 and < double.MaxValue) } => "activity: expected a number greater than 0.",
            { PeriodSeconds: not >= 0 } => "periodSeconds: expected at least 0.",
            { PeriodSeconds: > 0, On.Count: 0 } => "on: expected at least one interval of the period.",
            _ => null,
        };
    }
}
