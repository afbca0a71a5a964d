using System.Diagnostics;
using System.Globalization;

namespace Federated.Samples.EdgePruning;

/// <summary>Runs the sample EdgeDevice, whose build lies beside this program, with little managed memory.</summary>
internal static class DeviceProcess
{
    public static async Task<int> RunAsync(string model, string examples, int megabytes, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "EdgeDevice.dll"), model, examples]);

        // The runtime reads this number as hexadecimal.
        start.Environment["DOTNET_GCHeapHardLimit"] = (megabytes * 1024L * 1024).ToString("X", CultureInfo.InvariantCulture);
        using Process device = Process.Start(start) ?? throw new IOException("The device process could not be started.");
        await device.WaitForExitAsync(cancellationToken);
        return device.ExitCode;
    }
}
