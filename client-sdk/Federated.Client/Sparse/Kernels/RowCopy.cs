using System.Runtime.CompilerServices;

namespace Federated.Client.Sparse.Kernels;

/// <summary>Copies of a few floats to a few hundred.</summary>
internal static unsafe class RowCopy
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* source, float* destination, int length)
    {
        if (length == 1)
        {
            *destination = *source;
        }
        else
        {
            Unsafe.CopyBlockUnaligned(destination, source, (uint)length * sizeof(float));
        }
    }
}
