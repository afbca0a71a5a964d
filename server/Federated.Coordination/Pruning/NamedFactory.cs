using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Pruning;

/// <summary>A method that a constructor makes.</summary>
internal sealed record NamedFactory(string Name, string Summary, Func<PruningSettings, ModelSchema, ulong, IPruningMethod> Make) : IPruningMethodFactory
{
    public IPruningMethod Create(PruningSettings settings, ModelSchema schema, ulong seed) => Make(settings, schema, seed);
}
