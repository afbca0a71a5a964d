using System.Buffers;
using System.IO.Hashing;
using Federated.Aggregation.Accumulators;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Takes the updates that a node keeps: their claims, then their payloads in the same order. Used by one caller at a time.</summary>
/// <param name="plan">The round.</param>
public sealed class KeptReceiver(RoundPlan plan)
{
    private readonly List<UpdateCommitted> _updates = [];
    private readonly List<byte[]> _payloads = [];
    private int _filled;

    /// <summary>Takes the next claims.</summary>
    /// <exception cref="InvalidDataException">They are more, or larger, than the round can have.</exception>
    public void Append(UpdateClaims claims)
    {
        foreach (UpdateCommitted update in PartialNames.UpdatesOf(plan.Key, claims))
        {
            if (_updates.Count == plan.MostUpdates || update.Length > plan.UpdateBytes || plan.FormOf(update.Role).IsDefault)
            {
                throw new InvalidDataException(
                    $"Round {plan.Key} has at most {plan.MostUpdates} updates of {plan.UpdateBytes} bytes; {update.AssignmentId} of the role '{update.Role}' with {update.Length} bytes is none of them.");
            }

            _updates.Add(update);
        }
    }

    /// <summary>Takes the next bytes; all claims are there.</summary>
    /// <exception cref="InvalidDataException">They are more than claimed, or damaged.</exception>
    public void Append(in ReadOnlySequence<byte> data)
    {
        foreach (ReadOnlyMemory<byte> segment in data)
        {
            for (ReadOnlySpan<byte> bytes = segment.Span; !bytes.IsEmpty;)
            {
                bytes = bytes[Fill(bytes)..];
            }
        }
    }

    /// <summary>The updates, once everything was taken.</summary>
    /// <exception cref="InvalidDataException">Something is missing.</exception>
    public IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)> Complete() => _payloads.Count == _updates.Count && _filled == 0
        ? [.. _updates.Zip(_payloads, (update, payload) => (update, new RetainedUpdate(payload, update.Weight, plan.FormOf(update.Role))))]
        : throw new InvalidDataException($"Of the {_updates.Count} updates that were claimed {_payloads.Count - (_filled > 0 ? 1 : 0)} came.");

    private int Fill(ReadOnlySpan<byte> bytes)
    {
        if (_filled == 0)
        {
            if (_payloads.Count == _updates.Count)
            {
                throw new InvalidDataException($"More bytes came than those of the {_updates.Count} updates that were claimed.");
            }

            _payloads.Add(GC.AllocateUninitializedArray<byte>((int)_updates[_payloads.Count].Length));
        }

        byte[] payload = _payloads[^1];
        int taken = Math.Min(bytes.Length, payload.Length - _filled);
        bytes[..taken].CopyTo(payload.AsSpan(_filled));
        _filled += taken;
        if (_filled == payload.Length)
        {
            _filled = 0;
            UpdateCommitted update = _updates[_payloads.Count - 1];
            if (XxHash3.HashToUInt64(payload) != update.Checksum)
            {
                throw new InvalidDataException($"The bytes of update {update.AssignmentId} are damaged: their checksum is not the one that was claimed.");
            }
        }

        return taken;
    }
}
