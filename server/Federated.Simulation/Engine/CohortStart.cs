using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>What all clients of a round start from.</summary>
/// <param name="Key">The round.</param>
/// <param name="Model">The model as devices receive it.</param>
/// <param name="Down">The algorithm's vectors, by role of the client.</param>
internal sealed record CohortStart(
    RoundKey Key, ModelContent Model, IReadOnlyDictionary<string, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>> Down);
