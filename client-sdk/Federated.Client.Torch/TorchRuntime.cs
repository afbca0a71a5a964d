using Federated.Client.Torch.Native;
using TorchSharp;

namespace Federated.Client.Torch;

/// <summary>Sets up libtorch once per process.</summary>
public static class TorchRuntime
{
    /// <summary>Loads libtorch and applies the settings. A later call applies its settings over the earlier ones.</summary>
    /// <param name="options">The settings; null means the defaults (one intra-op thread).</param>
    /// <exception cref="ArgumentOutOfRangeException">A thread count below 1.</exception>
    /// <exception cref="NotSupportedException">libtorch cannot be loaded on this host; the message lists what was tried.</exception>
    public static void Initialise(TorchRuntimeOptions? options = null)
    {
        options ??= new TorchRuntimeOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.IntraOpThreads, 1);

        TorchNativeResolver.Register();
        if (options.KeepFreedMemory)
        {
            GlibcHeap.KeepFreedMemory();
        }

        torch.InitializeDeviceType(DeviceType.CPU);
        torch.set_num_threads(options.IntraOpThreads);
    }

    /// <summary>Chooses the device for training.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c>, or <c>auto</c> (CUDA where there is one).</param>
    /// <exception cref="ArgumentException">The name is none of these.</exception>
    /// <exception cref="NotSupportedException">CUDA is asked for and this process has none.</exception>
    public static torch.Device SelectDevice(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        TorchNativeResolver.Register();
        if (name == "cpu")
        {
            return torch.CPU;
        }

        if (name == "auto")
        {
            return HasCuda() ? torch.CUDA : torch.CPU;
        }

        int index = 0;
        if (name != "cuda" && !(name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), out index) && index >= 0))
        {
            throw new ArgumentException($"The device '{name}' is not one of cpu, cuda, cuda:N, auto.", nameof(name));
        }

        if (!HasCuda())
        {
            throw new NotSupportedException(
                $"The device '{name}' needs CUDA, and this process has none: the libtorch that was restored is for the CPU, or no NVIDIA driver answers. "
                + "Reference the libtorch-cuda package that fits TorchSharp instead of libtorch-cpu, or choose the device cpu.");
        }

        int count = torch.cuda.device_count();
        return index < count
            ? torch.device(DeviceType.CUDA, index)
            : throw new NotSupportedException($"The device '{name}' does not exist: this host has {count} CUDA device(s), numbered from 0.");
    }

    /// <summary>Chooses the device for training, and the CPU where there is no such CUDA device.</summary>
    /// <param name="name">As for <see cref="SelectDevice"/>.</param>
    /// <param name="notice">Why the CPU stands in, to be shown to the user; null when the device is the one that was asked for.</param>
    /// <exception cref="ArgumentException">The name is none of these.</exception>
    public static torch.Device SelectDeviceOrCpu(string name, out string? notice)
    {
        try
        {
            notice = null;
            return SelectDevice(name);
        }
        catch (NotSupportedException exception)
        {
            notice = $"{exception.Message} The CPU is used instead.";
            return torch.CPU;
        }
    }

    /// <summary>
    /// Gives the calling thread the process's thread count. libtorch does so lazily, but some of its operations ask OpenMP first, and would split their sums by the number of
    /// cores on a new thread.
    /// </summary>
    internal static void AdoptThread() => torch.get_num_threads();

    private static bool HasCuda()
    {
        torch.InitializeDeviceType(DeviceType.CPU);
        return torch.cuda.is_available();
    }
}
