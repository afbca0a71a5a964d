namespace Federated.Client.Torch;

/// <summary>Settings of libtorch for the whole process.</summary>
public sealed record TorchRuntimeOptions
{
    /// <summary>
    /// Threads that libtorch uses inside one operation, at least 1. The default of 1 suits a process that trains on several threads of its own, and makes
    /// results independent of the number of cores.
    /// </summary>
    public int IntraOpThreads { get; init; } = 1;

    /// <summary>
    /// Whether glibc's allocator keeps freed memory for the next tensor (default: yes). Resident memory then stays near its peak. Other
    /// allocators are left alone.
    /// </summary>
    public bool KeepFreedMemory { get; init; } = true;
}
