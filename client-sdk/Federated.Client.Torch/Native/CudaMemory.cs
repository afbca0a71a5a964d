using System.Runtime.InteropServices;

namespace Federated.Client.Torch.Native;

/// <summary>The memory that a CUDA device has handed out, as its driver tells. TorchSharp has no counters of libtorch's own allocator.</summary>
internal static class CudaMemory
{
    private delegate int Query(out nuint free, out nuint total);

    /// <summary>Bytes in use on the device of the calling thread's context; 0 without a driver or a context.</summary>
    public static long UsedBytes()
    {
        string driver = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        return NativeLibrary.TryLoad(driver, out nint library)
            && NativeLibrary.TryGetExport(library, "cuMemGetInfo_v2", out nint address)
            && Marshal.GetDelegateForFunctionPointer<Query>(address)(out nuint free, out nuint total) == 0
            ? (long)(total - free)
            : 0;
    }
}
