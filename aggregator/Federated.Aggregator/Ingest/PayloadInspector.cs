using System.IO.Hashing;
using Federated.Protocol.Codecs;

namespace Federated.Aggregator.Ingest;

/// <summary>
/// Hashes and measures a payload while it arrives, reading bytes that the copy into the slot has just put into the cache.
/// It measures whole blocks counted from the start of a section, so the result does not depend on how the stream was
/// cut; the bytes of a block that is not complete yet wait in the slot.
/// </summary>
internal sealed class PayloadInspector(PayloadRange[] ranges)
{
    /// <summary>A multiple of every element width; small enough for the first-level cache.</summary>
    public const int BlockBytes = 16 * 1024;

    private readonly XxHash3 _hash = new();
    private int _hashed;
    private int _range;
    private int _measured;
    private double _sumOfSquares;

    /// <summary>False once a float was a NaN or an infinity.</summary>
    public bool IsFinite { get; private set; } = true;

    /// <summary>Why a section is no good frame; <see cref="FrameFault.None"/> while all are good.</summary>
    public FrameFault FrameFault { get; private set; }

    /// <summary>L2 norm of the float sections measured so far.</summary>
    public double Norm => Math.Sqrt(_sumOfSquares);

    /// <summary>XxHash3 (64 bits, seed 0) of the bytes seen so far.</summary>
    public ulong Checksum => _hash.GetCurrentHashAsUInt64();

    /// <summary>Takes note that the payload now has <paramref name="written"/> bytes from its start.</summary>
    public void Advance(ReadOnlySpan<byte> payload, int written)
    {
        _hash.Append(payload[_hashed..written]);
        _hashed = written;
        for (; _range < ranges.Length; _range++)
        {
            PayloadRange range = ranges[_range];
            _measured = Math.Max(_measured, range.Start);
            if (range.IsFrame)
            {
                if (range.End > written)
                {
                    return;
                }

                MeasureFrame(range, payload[range.Start..range.End]);
                _measured = range.End;
                continue;
            }

            while (_measured < range.End)
            {
                int end = Math.Min(_measured + BlockBytes, range.End);
                if (end > written)
                {
                    return;
                }

                Measure(range, payload[_measured..end]);
                _measured = end;
            }
        }
    }

    private void MeasureFrame(PayloadRange range, ReadOnlySpan<byte> frame)
    {
        FrameMeasure measure = Frames.Measure(frame, range.FrameElements);
        if (measure.Fault == FrameFault.NotFinite)
        {
            IsFinite = false;
        }
        else if (measure.Fault != FrameFault.None)
        {
            FrameFault = measure.Fault;
        }

        _sumOfSquares += measure.SumOfSquares;
    }

    private void Measure(PayloadRange range, ReadOnlySpan<byte> block)
    {
        if (range.IsMeasured)
        {
            IsFinite &= BlockMeasure.TryMeasure(range.Type, block, out double sumOfSquares);
            _sumOfSquares += sumOfSquares;
        }
    }
}
