namespace Federated.Storage.Slots;

/// <summary>Chooses and names the folder of a pool and the files in it.</summary>
internal static class PoolDirectory
{
    private const string SharedMemory = "/dev/shm";

    public static string SlotsPath(string directory) => Path.Combine(directory, "slots");

    public static string OwnerPath(string directory, int number) => Path.Combine(directory, $"owner-{number:d3}.lock");

    /// <summary>An existing pool of that name is found again even when the preferred place has since filled up.</summary>
    public static string Resolve(SlotPoolOptions options, long fileBytes)
    {
        if (options.Directory is { } chosen)
        {
            return Path.Combine(Path.GetFullPath(chosen), options.Name);
        }

        var temporary = Path.Combine(Path.GetTempPath(), options.Name);
        if (!OperatingSystem.IsLinux() || !Directory.Exists(SharedMemory))
        {
            return temporary;
        }

        var shared = Path.Combine(SharedMemory, options.Name);
        if (File.Exists(SlotsPath(shared)))
        {
            return shared;
        }

        var hasRoom = new DriveInfo(SharedMemory).AvailableFreeSpace >= fileBytes;
        return hasRoom && !File.Exists(SlotsPath(temporary)) ? shared : temporary;
    }
}
