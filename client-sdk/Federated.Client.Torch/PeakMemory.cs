using System.Diagnostics;
using System.Globalization;
using Federated.Client.Torch.Native;
using TorchSharp;

namespace Federated.Client.Torch;

/// <summary>
/// Measures the largest amount of memory between two moments. On the CPU it is the resident memory of the whole process; on Linux its mark is set back at the start, elsewhere it is the mark of the process's
/// whole life. On CUDA it is what the device has handed out since the start: libtorch keeps what it once took, so the amount at the end is the peak, rounded up to the blocks of its allocator.
/// </summary>
public sealed class PeakMemory
{
    private const string Status = "/proc/self/status";
    private const string Marks = "/proc/self/clear_refs";

    private readonly bool _isCuda;
    private readonly long _before;

    private PeakMemory(bool isCuda, long before)
    {
        _isCuda = isCuda;
        _before = before;
    }

    /// <summary>Starts to measure.</summary>
    /// <param name="device">Whose memory; null for that of the process. CUDA is read on the thread that starts.</param>
    public static PeakMemory Start(torch.Device? device = null)
    {
        if (device?.type == DeviceType.CUDA)
        {
            // The driver answers for the context of the calling thread, which its first tensor makes.
            using torch.Tensor first = torch.empty(1, device: device);
            return new PeakMemory(isCuda: true, CudaMemory.UsedBytes());
        }

        SetBack();
        return new PeakMemory(isCuda: false, Environment.WorkingSet);
    }

    /// <summary>Bytes at the peak; on CUDA those since the start. 0 where the driver does not tell.</summary>
    public long Bytes() => _isCuda ? Math.Max(0, CudaMemory.UsedBytes() - _before) : ResidentPeak();

    /// <summary>Bytes by which the peak is above the amount at the start.</summary>
    public long Growth() => _isCuda ? Bytes() : Math.Max(0, Bytes() - _before);

    private static void SetBack()
    {
        // "5" sets the peak of the resident memory to the present amount. A process may do so to itself; where a sandbox forbids it, the older peak stands.
        if (OperatingSystem.IsLinux())
        {
            try
            {
                File.WriteAllText(Marks, "5");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    private static long ResidentPeak()
    {
        if (OperatingSystem.IsLinux() && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) is { } line)
        {
            return 1024 * long.Parse(line.AsSpan(6).TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
