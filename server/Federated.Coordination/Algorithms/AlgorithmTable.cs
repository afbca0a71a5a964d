using System.Collections.Immutable;
using Federated.Coordination.Algorithms.FedAvg;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Algorithms;

/// <summary>What the factories of all algorithms share: a table of parameters, and the checks that follow from it.</summary>
internal abstract class AlgorithmTable : IAlgorithmDescription
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Summary { get; }

    /// <inheritdoc/>
    public abstract ImmutableArray<AlgorithmParameter> Parameters { get; }

    /// <inheritdoc/>
    public virtual string? ClientHalf => Name;

    /// <inheritdoc/>
    public IReadOnlyList<JobDefinitionError> Validate(JobDefinition job)
    {
        var errors = new List<JobDefinitionError>();
        foreach ((string name, double value) in job.Algorithm.Parameters)
        {
            AlgorithmParameter? parameter = Parameters.FirstOrDefault(parameter => parameter.Name == name);
            if (parameter is null)
            {
                string known = Parameters.IsEmpty ? "none" : string.Join(", ", Parameters.Select(parameter => $"'{parameter.Name}'"));
                errors.Add(new JobDefinitionError($"algorithm.parameters.{name}", $"{Name} has no parameter '{name}'; it has {known}."));
            }
            else if (!parameter.Allows(value))
            {
                errors.Add(new JobDefinitionError(
                    $"algorithm.parameters.{name}", FormattableString.Invariant($"{value} is not allowed; it must be {parameter.Range}.")));
            }
        }

        Check(job, errors);
        return errors;
    }

    /// <summary>Adds what the table of parameters cannot say. By default: any server optimizer will do.</summary>
    /// <param name="job">The definition.</param>
    /// <param name="errors">Takes the errors.</param>
    protected virtual void Check(JobDefinition job, List<JobDefinitionError> errors) => CheckOptimizer(job.ServerOptimizer, errors);

    protected static void CheckOptimizer(ServerOptimizerSettings settings, List<JobDefinitionError> errors)
    {
        try
        {
            FedAvgServer.CreateOptimizer(settings, parameterCount: 0);
        }
        catch (ArgumentException exception)
        {
            errors.Add(new JobDefinitionError("serverOptimizer", exception.Message));
        }
    }

    /// <summary>For algorithms whose server step leaves nothing to choose.</summary>
    protected void RequirePlainStep(JobDefinition job, List<JobDefinitionError> errors)
    {
        if (job.ServerOptimizer is not { Name: "sgd", LearningRate: null or 1, Momentum: null or 0 })
        {
            errors.Add(new JobDefinitionError("serverOptimizer", $"{Name} makes the server's step itself; leave the optimizer at sgd with rate 1."));
        }
    }

    /// <summary>For algorithms whose formulas contain the number of clients.</summary>
    protected void RequirePopulation(JobDefinition job, List<JobDefinitionError> errors)
    {
        if (job.Round.Population == 0)
        {
            errors.Add(new JobDefinitionError("round.population", $"0 is not allowed; {Name} needs the number of clients."));
        }
    }

    /// <summary>For algorithms whose client state is something else than local batch-norm statistics.</summary>
    protected void RequireAggregatedStatistics(JobDefinition job, List<JobDefinitionError> errors)
    {
        if (job.Aggregation.Statistics != "aggregated")
        {
            errors.Add(new JobDefinitionError("aggregation.statistics", $"'{job.Aggregation.Statistics}' is not allowed; {Name} keeps no statistics on devices."));
        }
    }

    /// <summary>For algorithms whose steps follow a gradient estimate, and whose rounds may be of very few updates of a kind.</summary>
    protected void RequireVarianceReduction(JobDefinition job, List<JobDefinitionError> errors)
    {
        RequireAggregatedStatistics(job, errors);
        if (job.Local.Momentum != 0)
        {
            errors.Add(new JobDefinitionError("local.momentum", FormattableString.Invariant($"{job.Local.Momentum} is not allowed; the steps of {Name} have no momentum.")));
        }

        if (!AggregationRules.IsMean(job))
        {
            errors.Add(new JobDefinitionError("aggregation.rule", $"'{job.Aggregation.Rule}' is not allowed; {Name} needs mean."));
        }
    }
}
