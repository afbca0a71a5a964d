namespace Federated.Protocol.Codecs;

/// <summary>How large a frame may be: never much more than the dense vector, so that hostile bytes cannot make a reader allocate more.</summary>
public static class FrameLimits
{
    private const int Overhead = 4096;

    /// <summary>Most bytes of a body before Zstandard.</summary>
    /// <param name="elements">Elements of the vector.</param>
    public static long BodyBytes(long elements) => Math.Min((elements * sizeof(float)) + Overhead, int.MaxValue - FrameHeader.Bytes);

    /// <summary>Most bytes of a frame.</summary>
    /// <param name="elements">Elements of the vector.</param>
    public static long FrameBytes(long elements) => FrameHeader.Bytes + BodyBytes(elements);
}
