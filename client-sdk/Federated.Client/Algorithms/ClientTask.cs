using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms;

/// <summary>
/// What a client half works on: a model version, the task's settings, what the algorithm sent along, and what this client saved earlier. Read-only while the half runs;
/// the caller owns every vector.
/// </summary>
public sealed record ClientTask
{
    /// <summary>What the model's vectors mean.</summary>
    public required ModelSchema Schema { get; init; }

    /// <summary>The global parameters, in schema order.</summary>
    public required ReadOnlyMemory<float> Parameters { get; init; }

    /// <summary>The global batch-norm statistics; empty for models without.</summary>
    public ReadOnlyMemory<float> Statistics { get; init; }

    /// <summary>The global integer buffers; empty for models without.</summary>
    public ReadOnlyMemory<long> Counts { get; init; }

    /// <summary>The settings, as sent by the coordinator.</summary>
    public required LocalTraining Settings { get; init; }

    /// <summary>What the algorithm wants of this client: <c>worker</c> for most, <c>anchor</c> or <c>miner</c> for FedAMD.</summary>
    public string Role { get; init; } = "worker";

    /// <summary>The training round, from 1.</summary>
    public required uint Round { get; init; }

    /// <summary>Flat vectors that the algorithm sent along with the model, by role.</summary>
    public IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> DownSections { get; init; } = NoSections;

    /// <summary>
    /// What this client saved when its last update was counted, <see cref="IClientAlgorithm.StateLength"/> elements; empty before the first.
    /// </summary>
    public ReadOnlyMemory<float> State { get; init; }

    /// <summary>Addresses the client's random draws.</summary>
    public TrainingKey Key => new(Settings.Seed, Settings.ClientIndex, Round);

    private static IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> NoSections { get; } =
        new Dictionary<SectionRole, ReadOnlyMemory<float>>();

    /// <summary>A vector that the algorithm sent along.</summary>
    /// <param name="role">Its role.</param>
    /// <exception cref="InvalidOperationException">The task has no such section: the coordinator runs another algorithm than the client.</exception>
    public ReadOnlySpan<float> Down(SectionRole role) =>
        DownSections.TryGetValue(role, out ReadOnlyMemory<float> section)
            ? section.Span
            : throw new InvalidOperationException($"The task of algorithm '{Settings.Algorithm}' has no section {role}.");
}
