using Federated.Protocol.Jobs;

namespace Federated.Coordination.Algorithms;

/// <summary>A parameter of an algorithm's own, as a job definition gives it by name.</summary>
/// <param name="Name">The name, such as <c>proximal</c>.</param>
/// <param name="Default">What absence means.</param>
/// <param name="Range">What is allowed, in words.</param>
/// <param name="Allows">Whether a value is allowed.</param>
/// <param name="Meaning">What it does, in a few words.</param>
public sealed record AlgorithmParameter(string Name, double Default, string Range, Func<double, bool> Allows, string Meaning)
{
    /// <summary>A switch: 0 or 1, and 0 when absent.</summary>
    /// <param name="name">The name.</param>
    /// <param name="meaning">What 1 does.</param>
    public static AlgorithmParameter Switch(string name, string meaning) => new(name, 0, "0 or 1", value => value is 0 or 1, meaning);

    /// <summary>The job's value, or the default.</summary>
    /// <param name="job">The job.</param>
    public double Of(JobDefinition job) => job.Algorithm.Parameters.GetValueOrDefault(Name, Default);

    /// <summary>Whether a switch is on.</summary>
    /// <param name="job">The job.</param>
    public bool IsOn(JobDefinition job) => Of(job) != 0;
}
