using Federated.Aggregation.Accumulators;
using Federated.Protocol.Codecs;

namespace Federated.Aggregator.Functions;

/// <summary>Sections whose bytes are a frame (docs/codecs.md).</summary>
public sealed class FrameSections : ISectionDecoder
{
    private FrameSections()
    {
    }

    /// <summary>The one decoder: sections with it have equal shapes.</summary>
    public static FrameSections Decoder { get; } = new();

    public int PrefixBytes => Frames.HeaderBytes;

    public int LengthOf(ReadOnlySpan<byte> prefix) => Frames.LengthOf(prefix);

    public void AddTo(ReadOnlySpan<byte> section, double factor, Span<double> sums) => Frames.AddTo(section, factor, sums);
}
