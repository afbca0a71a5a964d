using System.Runtime.CompilerServices;

namespace Federated.Benchmarks.Sparse;

/// <summary>Floats that start at a cache line.</summary>
internal sealed class AlignedFloats
{
    private const int LineFloats = 16;

    public unsafe AlignedFloats(int length)
    {
        float[] array = GC.AllocateArray<float>(length + LineFloats, pinned: true);
        nuint misplaced = (nuint)Unsafe.AsPointer(ref array[0]) % (LineFloats * sizeof(float)) / sizeof(float);
        Memory = array.AsMemory((int)((LineFloats - misplaced) % LineFloats), length);
    }

    public Memory<float> Memory { get; }
}
