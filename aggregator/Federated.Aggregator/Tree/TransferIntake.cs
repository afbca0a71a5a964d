using System.Buffers;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>One admitted transfer. Ended without being complete, nothing has happened. Used by one flow of calls at a time.</summary>
public abstract class TransferIntake : IDisposable
{
    /// <summary>Takes the next claims.</summary>
    public abstract void Append(UpdateClaims claims);

    /// <summary>Takes the next bytes. Nothing after a fault.</summary>
    public abstract void Append(ReadOnlySpan<byte> data);

    /// <summary>Takes the next bytes. Nothing after a fault.</summary>
    public void Append(in ReadOnlySequence<byte> data)
    {
        foreach (ReadOnlyMemory<byte> segment in data)
        {
            Append(segment.Span);
        }
    }

    /// <summary>The transfer is complete: checks the whole and takes it.</summary>
    public abstract Task<TransferResult> CompleteAsync();

    /// <summary>Gives the claim up unless the transfer was taken.</summary>
    public abstract void Dispose();
}
