using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Pruning;

/// <summary>Makes <see cref="FedTinyMethod"/>.</summary>
internal sealed class FedTinyFactory : IPruningMethodFactory
{
    public string Name => PruningMethods.FedTiny;

    public string Summary => "FedTiny (Huang et al. 2022): adaptive batch-normalisation selection, then progressive pruning block by block";

    public IPruningMethod Create(PruningSettings settings, ModelSchema schema, ulong seed) => new FedTinyMethod(settings, schema, seed);
}
