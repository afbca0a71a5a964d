using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Devices;
using Federated.Simulation.Kernels;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;
using Federated.Simulation.Pretraining;

namespace Federated.Simulation.Engine;

/// <summary>Everything that decides a simulation. Equal requests give equal results, whatever <see cref="Workers"/>.</summary>
public sealed record SimulationRequest
{
    /// <summary>The job, as a server would run it. Its seed decides every draw.</summary>
    public required JobDefinition Job { get; init; }

    /// <summary>The data.</summary>
    public required DatasetRequest Dataset { get; init; }

    /// <summary>Share of the examples held out for the test when the data set has no test part of its own.</summary>
    public double TestFraction { get; init; } = 0.2;

    /// <summary>How features are scaled.</summary>
    public FeatureScaling Scaling { get; init; } = FeatureScaling.Auto;

    /// <summary>How the training part is dealt to clients.</summary>
    public required PartitionSpec Partition { get; init; }

    /// <summary>What the server does to the initial model with public data; null for nothing.</summary>
    public PretrainingSpec? Pretraining { get; init; }

    /// <summary>Number of clients; null for 100, or all of a natural division.</summary>
    public int? Clients { get; init; }

    /// <summary>Whether a cohort larger than the number of clients is cut to it; otherwise it is an error.</summary>
    public bool FitCohort { get; init; }

    /// <summary>Natural clients with fewer training examples are left out.</summary>
    public int MinimumExamples { get; init; } = 1;

    /// <summary>Probability that a client vanishes in the middle of a round, in [0, 1).</summary>
    public double DropOut { get; init; }

    /// <summary>The clients' devices; null for rounds that take no time. Asynchronous algorithms then have the profile <c>uniform</c>.</summary>
    public DeviceProfile? Devices { get; init; }

    /// <summary>What the attackers among the clients do, such as <c>alie:tau=1.5</c>; null for no attack.</summary>
    public string? Attack { get; init; }

    /// <summary>Number of attackers among the clients; the seed decides who they are.</summary>
    public int Byzantine { get; init; }

    /// <summary>Nodes of the aggregation tier, at least 1; more than one only under the mean.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Training threads; each holds one instance of the model.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>auto</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Which kernels run a masked model.</summary>
    public KernelSetting Kernels { get; init; }

    /// <summary>Choices inside the model.</summary>
    public ModelOptions ModelOptions { get; init; } = new();
}
