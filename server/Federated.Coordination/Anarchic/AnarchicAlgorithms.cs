using System.Collections.Frozen;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic.AfaCd;
using Federated.Coordination.Anarchic.AfaCs;
using Federated.Coordination.Anarchic.FedAsync;
using Federated.Coordination.Anarchic.FedBuff;
using Federated.Coordination.Anarchic.Masked;
using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic;

/// <summary>The asynchronous server halves by name; no name is also that of a <see cref="ServerAlgorithms"/>.</summary>
public sealed class AnarchicAlgorithms
{
    private readonly FrozenDictionary<string, IAnarchicAlgorithmFactory> _factories;

    /// <summary>Registers factories.</summary>
    /// <param name="factories">No two of the same name.</param>
    public AnarchicAlgorithms(IEnumerable<IAnarchicAlgorithmFactory> factories)
    {
        _factories = factories.ToFrozenDictionary(factory => factory.Name, StringComparer.Ordinal);
    }

    /// <summary>The algorithms of this build.</summary>
    public static AnarchicAlgorithms BuiltIn { get; } = new([new AfaCdFactory(), new AfaCsFactory(), new FedAsyncFactory(), new FedBuffFactory()]);

    /// <summary>The factories by name, sorted.</summary>
    public IEnumerable<IAnarchicAlgorithmFactory> All => _factories.Values.OrderBy(factory => factory.Name, StringComparer.Ordinal);

    /// <summary>Whether an algorithm is asynchronous.</summary>
    /// <param name="name">The algorithm.</param>
    public bool Has(string name) => _factories.ContainsKey(name);

    /// <summary>What is wrong with the parameters of the algorithm that a definition names; empty when nothing is.</summary>
    /// <param name="job">A definition that is valid otherwise and names an asynchronous algorithm.</param>
    public IReadOnlyList<JobDefinitionError> Validate(JobDefinition job) => Of(job).Validate(job);

    /// <summary>What a definition asks of the server that it cannot have with this model.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    public IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema) => Of(job).Validate(job, schema);

    /// <summary>Makes the server half that a definition names.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    /// <exception cref="ArgumentException">No asynchronous algorithm has the name, or it does not go with a sparse model.</exception>
    public IAnarchicAlgorithm Create(JobDefinition job, ModelSchema schema)
    {
        IAnarchicAlgorithm half = Of(job).Create(job, schema);
        return PruningMethods.Create(job.Pruning, schema, job.Seed) is not { } method ? half
            : half is AnarchicServer packed ? new MaskedAnarchic(packed, method, job)
            : throw new ArgumentException($"'{job.Algorithm.Name}' does not go with pruning: it does not work on packed vectors.", nameof(job));
    }

    private IAnarchicAlgorithmFactory Of(JobDefinition job) => _factories.GetValueOrDefault(job.Algorithm.Name)
        ?? throw new ArgumentException($"'{job.Algorithm.Name}' is no asynchronous algorithm; these are {string.Join(", ", All.Select(factory => factory.Name))}.", nameof(job));
}
