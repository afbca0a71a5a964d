using Federated.Aggregator.Hosting.Settings;
using Federated.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Federated.Server.Hosting;

/// <summary>
/// Keeps a second server out of a data folder. The operating system releases the lock when the process ends, however
/// it ends.
/// </summary>
internal sealed class DataDirectoryLock(IOptions<DataOptions> options) : IDisposable
{
    private FileStream? _file;

    public void Take()
    {
        var path = options.Value.LockFile;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The data folder cannot be used: {exception.Message} Another server may be running on it; set --Data:Directory to a folder of its own.");
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
    }
}
