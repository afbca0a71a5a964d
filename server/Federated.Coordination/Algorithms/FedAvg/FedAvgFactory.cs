using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.FedAvg;

/// <summary>Makes <see cref="FedAvgServer"/>. Its one parameter is <c>proximal</c>, the coefficient mu of FedProx; 0 or absent for none.</summary>
public sealed class FedAvgFactory : IServerAlgorithmFactory
{
    internal const string Proximal = "proximal";

    /// <inheritdoc/>
    public string Name => "fedavg";

    /// <inheritdoc/>
    public IReadOnlyList<JobDefinitionError> Validate(JobDefinition job)
    {
        var errors = new List<JobDefinitionError>();
        foreach ((string name, double value) in job.Algorithm.Parameters)
        {
            string path = $"algorithm.parameters.{name}";
            if (name != Proximal)
            {
                errors.Add(new JobDefinitionError(path, $"fedavg has no parameter '{name}'; it has '{Proximal}'."));
            }
            else if (value < 0)
            {
                errors.Add(new JobDefinitionError(path, FormattableString.Invariant($"{value} is not allowed; it must be at least 0.")));
            }
        }

        try
        {
            FedAvgServer.CreateOptimizer(job.ServerOptimizer, parameterCount: 0);
        }
        catch (ArgumentException exception)
        {
            errors.Add(new JobDefinitionError("serverOptimizer", exception.Message));
        }

        return errors;
    }

    /// <inheritdoc/>
    public IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedAvgServer(job, schema);
}
