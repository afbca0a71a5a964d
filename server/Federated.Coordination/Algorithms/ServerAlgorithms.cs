using System.Collections.Frozen;
using Federated.Coordination.Algorithms.BvrLSgd;
using Federated.Coordination.Algorithms.FedAmd;
using Federated.Coordination.Algorithms.FedAvg;
using Federated.Coordination.Algorithms.FedDyn;
using Federated.Coordination.Algorithms.FedNova;
using Federated.Coordination.Algorithms.FedPage;
using Federated.Coordination.Algorithms.OneByte;
using Federated.Coordination.Algorithms.QFedAvg;
using Federated.Coordination.Algorithms.Scaffold;
using Federated.Coordination.Compression;
using Federated.Coordination.Pruning;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms;

/// <summary>The server halves by name.</summary>
public sealed class ServerAlgorithms
{
    private readonly FrozenDictionary<string, IServerAlgorithmFactory> _factories;

    /// <summary>Registers factories.</summary>
    /// <param name="factories">No two of the same name.</param>
    public ServerAlgorithms(IEnumerable<IServerAlgorithmFactory> factories)
    {
        _factories = factories.ToFrozenDictionary(factory => factory.Name, StringComparer.Ordinal);
    }

    /// <summary>The algorithms of this build.</summary>
    public static ServerAlgorithms BuiltIn { get; } = new(
    [
        .. FedAvgFactory.All,
        new BvrLSgdFactory(),
        new FedAmdFactory(),
        new FedDynFactory(),
        new FedNovaFactory(),
        new FedPageFactory(),
        new OneByteFactory(),
        new QFedAvgFactory(),
        new ScaffoldFactory(),
    ]);

    /// <summary>The registered names, sorted.</summary>
    public IEnumerable<string> Names => _factories.Keys.Order(StringComparer.Ordinal);

    /// <summary>The factories by name, sorted.</summary>
    public IEnumerable<IServerAlgorithmFactory> All => _factories.Values.OrderBy(factory => factory.Name, StringComparer.Ordinal);

    /// <summary>The name of the client half that an algorithm's devices run; null when the algorithm is unknown or has no rounds of updates.</summary>
    /// <param name="name">The algorithm.</param>
    public string? ClientHalfOf(string name) => _factories.GetValueOrDefault(name)?.ClientHalf;

    /// <summary>What is wrong with the algorithm that a definition names, or with its parameters; empty when nothing is.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    public IReadOnlyList<JobDefinitionError> Validate(JobDefinition job) =>
        _factories.TryGetValue(job.Algorithm.Name, out IServerAlgorithmFactory? factory)
            ? [.. factory.Validate(job), .. CompressionCheck.Validate(job, factory), .. PruningCheck.Validate(job)]
            : [new JobDefinitionError("algorithm.name", $"'{job.Algorithm.Name}' is unknown; known are {string.Join(", ", Names)}.")];

    /// <summary>What of a definition does not go with the size of the model; empty when everything does.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    /// <param name="schema">The schema of the model.</param>
    public IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema) =>
        _factories.TryGetValue(job.Algorithm.Name, out IServerAlgorithmFactory? factory) ? factory.Validate(job, schema) : [];

    /// <summary>Makes the server half that a definition names.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    /// <exception cref="ArgumentException">No algorithm has the name.</exception>
    public IServerAlgorithm Create(JobDefinition job, ModelSchema schema) =>
        _factories.TryGetValue(job.Algorithm.Name, out IServerAlgorithmFactory? factory)
            ? Selecting(Centred(Compressed(Pruned(factory.Create(job, schema), job, schema), job, schema), job), job, schema)
            : throw new ArgumentException($"Algorithm '{job.Algorithm.Name}' is unknown; known are {string.Join(", ", Names)}.", nameof(job));

    private static IServerAlgorithm Centred(IServerAlgorithm algorithm, JobDefinition job) =>
        !AggregationRules.IsMean(job) && AggregationRules.Of(job).UsesCentre ? new CentredServer(algorithm) : algorithm;

    private static IServerAlgorithm Selecting(IServerAlgorithm algorithm, JobDefinition job, ModelSchema schema) =>
        PruningMethods.Create(job.Pruning, schema, job.Seed) is { } method ? new SelectingServer(algorithm, method, job, schema) : algorithm;

    private static IServerAlgorithm Pruned(IServerAlgorithm algorithm, JobDefinition job, ModelSchema schema) =>
        PruningMethods.Create(job.Pruning, schema, job.Seed) is { } method ? new PrunedServer(algorithm, method, job, schema) : algorithm;

    private static IServerAlgorithm Compressed(IServerAlgorithm algorithm, JobDefinition job, ModelSchema schema) =>
        CompressionSpec.Parse(job.Compression.Up).IsActive ? new CompressedServer(algorithm, job, schema) : algorithm;
}
