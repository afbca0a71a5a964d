using System.ComponentModel.DataAnnotations;

namespace Federated.Coordination.Jobs;

/// <summary>Settings of the coordinators of every job.</summary>
public sealed class CoordinationOptions
{
    /// <summary>Base address of the gateway that tickets name; empty for the coordinator's own address.</summary>
    public string GatewayAddress { get; set; } = "";

    /// <summary>Oldest SDK that may check in, "major.minor.patch".</summary>
    [Required]
    public string MinimumSdkVersion { get; set; } = "0.1.0";

    /// <summary>Check-ins that may wait at once for one job; more are rejected with a retry time.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaitingPerJob { get; set; } = 10_000;

    /// <summary>
    /// Time for which a ticket outlives its round's deadline. The round alone decides whether an update is taken; the expiry only bounds how long a
    /// stolen ticket is worth anything, and a device may have to send again long after a restart.
    /// </summary>
    public TimeSpan TicketGrace { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Time after which a coordinator that failed, for example because the database was away, takes its job over again.</summary>
    public TimeSpan RestartDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Folder of the logs of scalar exchanges: the records since each job's last checkpoint.</summary>
    [Required]
    public string ExchangeFolder { get; set; } = "data/exchanges";

    /// <summary>Devices that have not checked in for longer are not counted as population.</summary>
    public TimeSpan PopulationWindow { get; set; } = TimeSpan.FromMinutes(10);
}
