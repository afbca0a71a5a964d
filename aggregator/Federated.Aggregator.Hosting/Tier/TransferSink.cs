using System.Buffers;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>Takes data while the message that carries it is read: its bytes are valid no longer.</summary>
internal delegate void TransferSink(in ReadOnlySequence<byte> data);
