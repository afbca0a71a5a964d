using Federated.Protocol.Jobs;

namespace Federated.Simulation.Reports;

/// <summary>What decides the result.</summary>
/// <param name="Job">The job definition; its member <c>simulation</c> holds data and partition. A job file with it repeats the run.</param>
/// <param name="Partition">How the examples were dealt.</param>
/// <param name="Clients">Number of clients.</param>
/// <param name="DropOut">Probability that a client vanishes in a round.</param>
/// <param name="TestFraction">Share held out when the data set has no test part of its own.</param>
/// <param name="Scaling">How features were scaled.</param>
/// <param name="Workers">Training threads; they do not change the result.</param>
/// <param name="Device">What the models ran on.</param>
/// <param name="Kernels">Which kernels masked models were to take; a round says which ones it took.</param>
public sealed record RunSettings(
    JobDefinition Job, string Partition, int Clients, double DropOut, double TestFraction, string Scaling, int Workers, string Device,
    string Kernels = "auto");
