using Federated.Protocol.Codecs;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Protocol.Codecs;

/// <summary>Compressors of every kind and a layout with matrices, a vector and a scalar.</summary>
internal static class CodecCases
{
    public static readonly CompressionDraw Draw = new(7, 3, 11);

    public static ModelSchema Schema { get; } = new(
        [new TensorSpec("conv", [8, 3, 5, 5]), new TensorSpec("bias", [8]), new TensorSpec("fc", [40, 30]), new TensorSpec("scale", [])]);

    public static CompressionLayout Layout { get; } = CompressionLayout.Of(Schema);

    public static TheoryData<string> Texts =>
    [
        "none", "topk:0.01", "topk:0.1:layer", "topk:1", "topk:0.05+q4", "topk:0.05+q4s+econtrol", "randk:0.1", "randk:0.1+q1", "sign", "sign:64",
        "q1", "q2", "q4", "q4s+ef21", "q8:1024", "lowrank:2", "svd:3", "f16", "bf16",
    ];

    public static byte[] Frame(string text, float[] vector, CompressionLayout? layout = null)
    {
        layout ??= Layout;
        byte[] frame = new byte[FrameLimits.FrameBytes(layout.Length)];
        int length = new VectorCompressor(CompressionSpec.Parse(text), layout).Compress(vector, Draw, frame);
        return frame[..length];
    }
}
