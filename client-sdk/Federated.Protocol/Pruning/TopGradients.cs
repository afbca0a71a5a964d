using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Federated.Protocol.Codecs;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Protocol.Pruning;

/// <summary>
/// The TOP_K section: the gradients of largest magnitude of some layers, as one sparse frame (docs/codecs.md) over these layers' coordinates, layer behind layer in the order of the demand;
/// a dense frame where nearly all are sent. Values are float32, or float16 with a common scale.
/// A frame's index gaps cannot say an index twice or out of order; what it leaves out is zero. Sums of such frames need no indices to agree.
/// </summary>
public static class TopGradients
{
    private const int Overhead = FrameHeader.Bytes + sizeof(int) + 4;
    private const int MostIndexBytes = 4;

    /// <summary>Coordinates of the demanded layers together.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="demand">The layers.</param>
    public static int ElementsOf(ModelMask mask, IEnumerable<LayerDemand> demand)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return demand.Sum(layer => mask.Layers[layer.Layer].Count);
    }

    /// <summary>Most bytes of a section: 8 a coordinate (4 for its value, at most 4 for its index), and 24; with float16 values 6 a coordinate, and 28.</summary>
    /// <param name="coordinates">Coordinates that are sent.</param>
    /// <param name="halves">Whether values are float16.</param>
    public static int MostBytes(int coordinates, bool halves = false) => halves
        ? checked(Overhead + sizeof(float) + ((sizeof(ushort) + MostIndexBytes) * coordinates))
        : checked(Overhead + ((sizeof(float) + MostIndexBytes) * coordinates));

    /// <summary>The section that answers a demand; the sum is divided by the weights.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="demand">The layers.</param>
    /// <param name="halves">Whether values are float16.</param>
    /// <exception cref="ArgumentException">The layers have 2²⁸ coordinates or more.</exception>
    public static SectionSpec Section(ModelMask mask, IReadOnlyCollection<LayerDemand> demand, bool halves = false)
    {
        int elements = ElementsOf(mask, demand);
        if (elements >= 1 << 28)
        {
            throw new ArgumentException($"The demanded layers have {elements} coordinates; at most {(1 << 28) - 1} can be indexed in 4 bytes.", nameof(demand));
        }

        SectionSpec section = SectionSpecs.Dense(SectionRole.TopK, SectionDType.F32, elements, SectionDenominator.Weight);
        section.Codec = SectionCodec.Frame;
        section.MaskEpoch = (ulong)mask.Epoch;
        section.MaxBytes = (ulong)MostBytes(demand.Sum(layer => layer.Count), halves);
        return section;
    }

    /// <summary>Writes a frame.</summary>
    /// <param name="elements">Coordinates of the demanded layers together.</param>
    /// <param name="indices">Ascending.</param>
    /// <param name="values">The gradients at them.</param>
    /// <param name="frame">Receives the frame; at least <see cref="MostBytes"/>.</param>
    /// <param name="halves">Whether values are float16.</param>
    /// <returns>Bytes of the frame.</returns>
    public static int Write(int elements, ReadOnlySpan<int> indices, ReadOnlySpan<float> values, Span<byte> frame, bool halves = false)
    {
        Span<byte> body = frame[FrameHeader.Bytes..];

        // With an index each, nearly all elements take more than a dense frame, and more than a frame may. With float16 values they take three bytes.
        if (!halves && 50L * indices.Length > 39L * elements)
        {
            return WriteDense(elements, indices, values, frame);
        }

        BinaryPrimitives.WriteInt32LittleEndian(body, indices.Length);
        int at = sizeof(int), last = -1;
        at += halves
            ? ValueStream.WriteHalves(values[..indices.Length], body[at..])
            : ValueStream.Write(values[..indices.Length], ValueStream.SingleBits, 0, null, 1, body[at..]);
        foreach (int index in indices)
        {
            uint gap = (uint)(index - last - 1);
            for (; gap >= 0x80; gap >>= 7)
            {
                body[at++] = (byte)(gap | 0x80);
            }

            body[at++] = (byte)gap;
            last = index;
        }

        new FrameHeader(FrameKind.Sparse, false, FrameHeader.Bytes + at, elements, at).Write(frame);
        return FrameHeader.Bytes + at;
    }

    private static int WriteDense(int elements, ReadOnlySpan<int> indices, ReadOnlySpan<float> values, Span<byte> frame)
    {
        int bytes = elements * sizeof(float);
        Span<float> dense = MemoryMarshal.Cast<byte, float>(frame.Slice(FrameHeader.Bytes, bytes));
        dense.Clear();
        for (int i = 0; i < indices.Length; i++)
        {
            dense[indices[i]] = values[i];
        }

        new FrameHeader(FrameKind.Dense, false, FrameHeader.Bytes + bytes, elements, bytes).Write(frame);
        return FrameHeader.Bytes + bytes;
    }
}
