using System.Runtime.InteropServices;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms;

/// <summary>
/// Where a client half writes its result: sections one after another in memory of the caller, in exactly the bytes that are uploaded (dense, little-endian). The last
/// section may be a frame, whose length is known when it is written.
/// </summary>
public sealed class ClientUpdate
{
    private readonly int[] _offsets;
    private readonly Memory<byte> _memory;

    /// <summary>Lays the sections over the caller's memory, which may be used for one update after another.</summary>
    /// <param name="sections">The sections in order, as <see cref="IClientAlgorithm.Sections"/> gives them.</param>
    /// <param name="payload">At least <see cref="PayloadLength"/> bytes; aligned to 4 bytes.</param>
    /// <param name="nextState">Receives the state to save if the update is counted; empty for stateless algorithms.</param>
    /// <exception cref="ArgumentException">The memory is too small.</exception>
    public ClientUpdate(IReadOnlyList<SectionSpec> sections, Memory<byte> payload, Memory<float> nextState = default)
    {
        ArgumentNullException.ThrowIfNull(sections);
        int length = PayloadLength(sections);
        if (payload.Length < length)
        {
            throw new ArgumentException($"The sections take {length} bytes, the memory has {payload.Length}.", nameof(payload));
        }

        Sections = sections;
        _memory = payload[..length];
        NextState = nextState;
        _offsets = new int[sections.Count + 1];
        for (int i = 0; i < sections.Count; i++)
        {
            _offsets[i + 1] = _offsets[i] + ByteLength(sections[i]);
        }
    }

    /// <summary>What the payload consists of.</summary>
    public IReadOnlyList<SectionSpec> Sections { get; }

    /// <summary>The bytes of all sections.</summary>
    public Memory<byte> Payload => _memory[.._offsets[^1]];

    /// <summary>Receives what the client must save if, and only if, the update is counted.</summary>
    public Memory<float> NextState { get; }

    /// <summary>How much the update counts: the number of examples for most algorithms.</summary>
    public double Weight { get; set; }

    /// <summary>Optimizer steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>Gradients of single examples that the work took: what its time is proportional to, whatever the algorithm.</summary>
    public long Gradients { get; set; }

    /// <summary>Mean loss of the local batches in nats; NaN when the algorithm does not train.</summary>
    public double TrainingLoss { get; set; } = double.NaN;

    /// <summary>Bytes that sections take.</summary>
    /// <param name="sections">The sections.</param>
    public static int PayloadLength(IReadOnlyList<SectionSpec> sections)
    {
        ArgumentNullException.ThrowIfNull(sections);
        int length = 0;
        foreach (SectionSpec section in sections)
        {
            length = checked(length + ByteLength(section));
        }

        return length;
    }

    /// <summary>The elements of a float32 section.</summary>
    /// <param name="role">Its role.</param>
    /// <exception cref="InvalidOperationException">The update has no such section.</exception>
    public Span<float> Floats(SectionRole role) => MemoryMarshal.Cast<byte, float>(Bytes(role, SectionDType.F32));

    /// <summary>The elements of a float64 section.</summary>
    /// <param name="role">Its role.</param>
    /// <exception cref="InvalidOperationException">The update has no such section.</exception>
    public Span<double> Doubles(SectionRole role) => MemoryMarshal.Cast<byte, double>(Bytes(role, SectionDType.F64));

    /// <summary>The elements of an int64 section.</summary>
    /// <param name="role">Its role.</param>
    /// <exception cref="InvalidOperationException">The update has no such section.</exception>
    public Span<long> Longs(SectionRole role) => MemoryMarshal.Cast<byte, long>(Bytes(role, SectionDType.I64));

    /// <summary>Memory for a section that is a frame, which must be the last one.</summary>
    /// <param name="role">Its role.</param>
    /// <exception cref="InvalidOperationException">The last section is another one.</exception>
    public Span<byte> Frame(SectionRole role) => Sections.Count > 0 && Sections[^1].Role == role && Sections[^1].Codec == SectionCodec.Frame
        ? _memory.Span[_offsets[^2]..]
        : throw new InvalidOperationException($"The last section of the update is no frame {role}.");

    /// <summary>Says how long the frame has become.</summary>
    /// <param name="role">Its role.</param>
    /// <param name="length">Bytes of <see cref="Frame"/> that were written.</param>
    public void EndFrame(SectionRole role, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Frame(role).Length);
        _offsets[^1] = _offsets[^2] + length;
    }

    /// <summary>The sections with their bytes, as they are announced in an upload.</summary>
    public IReadOnlyList<SectionHeader> Headers() =>
        [.. Sections.Select((section, i) => new SectionHeader { Spec = section, ByteLength = (ulong)(_offsets[i + 1] - _offsets[i]) })];

    /// <summary>Whether the update has a section.</summary>
    /// <param name="role">Its role.</param>
    public bool Has(SectionRole role) => IndexOf(role) >= 0;

    private Span<byte> Bytes(SectionRole role, SectionDType dtype)
    {
        int index = IndexOf(role);
        return index >= 0 && Sections[index].Dtype == dtype
            ? Payload.Span[_offsets[index].._offsets[index + 1]]
            : throw new InvalidOperationException($"The update has no section {role} of type {dtype}.");
    }

    private int IndexOf(SectionRole role)
    {
        for (int i = 0; i < Sections.Count; i++)
        {
            if (Sections[i].Role == role)
            {
                return i;
            }
        }

        return -1;
    }

    private static int ByteLength(SectionSpec section) => checked((int)SectionSpecs.MostBytes(section));
}
