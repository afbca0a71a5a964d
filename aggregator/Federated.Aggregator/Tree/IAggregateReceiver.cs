using System.Buffers;
using Federated.Aggregator.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Takes the aggregate of a round from its top.</summary>
public interface IAggregateReceiver
{
    /// <summary>Takes the next claims.</summary>
    void Append(UpdateClaims claims);

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="InvalidDataException">The bytes are no aggregate of the round, or are damaged.</exception>
    void Append(in ReadOnlySequence<byte> data);

    /// <summary>The transfer is complete.</summary>
    /// <exception cref="InvalidDataException">Something is missing.</exception>
    ClosedRound Complete(PartialHeader header);
}
