using System.Buffers;
using System.Runtime.InteropServices;

namespace Federated.Aggregator.Functions;

/// <summary>Bytes seen as the float32 values that they hold; owns nothing.</summary>
internal sealed class FloatMemory(ReadOnlyMemory<byte> bytes) : MemoryManager<float>
{
    // What is handed out is ReadOnlyMemory: nobody writes through it.
    public override Span<float> GetSpan() => MemoryMarshal.Cast<byte, float>(MemoryMarshal.AsMemory(bytes).Span);

    public override MemoryHandle Pin(int elementIndex = 0) => bytes[(elementIndex * sizeof(float))..].Pin();

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    /// <summary>The values of a section.</summary>
    public static ReadOnlyMemory<float> Of(ReadOnlyMemory<byte> section) => new FloatMemory(section).Memory;
}
