using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Federated.Client.Sparse.Layout;

/// <summary>Zeroed floats that do not move and start at a cache line. Managed memory: it is collected, and counts against the process's heap limit.</summary>
internal sealed unsafe class FloatBuffer
{
    private const int LineFloats = 16;

    /// <summary>Floats that a kernel may read or write beyond the end.</summary>
    public const int Slack = 64;

    private readonly float[] _array;

    public FloatBuffer(long length)
    {
        _array = GC.AllocateArray<float>(checked((int)(length + Slack + LineFloats)), pinned: true);
        var start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));
        Start = (float*)((start + 63) & ~(nuint)63);
        Length = (int)length;
    }

    public float* Start { get; }

    public int Length { get; }

    public Span<float> Span => new(Start, Length);
}
