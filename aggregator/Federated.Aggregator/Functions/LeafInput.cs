using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Functions;

/// <summary>An update in the hands of a leaf: its claim check and its bytes, which the leaf releases.</summary>
internal sealed record LeafInput(UpdateCommitted Update, StoredPayload Payload);
