namespace Federated.Protocol.Codecs;

/// <summary>Takes the elements of a frame, a piece at a time: no reader of frames makes a dense copy unless its sink does.</summary>
internal interface IFrameSink
{
    /// <summary>A vector into which a frame of all elements may be written at once; empty when the sink wants pieces.</summary>
    Span<float> Target { get; }

    /// <summary>Consecutive elements.</summary>
    void Run(int start, scoped ReadOnlySpan<float> values);

    /// <summary>Single elements, at ascending indices.</summary>
    void Scatter(scoped ReadOnlySpan<int> indices, scoped ReadOnlySpan<float> values);
}
