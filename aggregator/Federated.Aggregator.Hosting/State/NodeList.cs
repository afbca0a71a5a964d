using System.Collections.Immutable;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Hosting.State;

/// <summary>The registry as one document, so that one ETag guards it.</summary>
internal sealed record NodeList(ImmutableArray<NodeJoined> Nodes);
