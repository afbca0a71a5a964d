namespace Federated.Client.Storage;

/// <summary>Keeps a second process from running the same device.</summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <exception cref="FederatedClientException">With <see cref="FederatedClientReason.StorageUnusable"/>.</exception>
    public static FolderLock Take(string folder)
    {
        string path = Path.Combine(folder, "in-use");
        try
        {
            PrivateFile.CreateFolder(folder);
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FederatedClientException(
                FederatedClientReason.StorageUnusable,
                $"The data folder '{folder}' cannot be used: {e.Message} Give each running device a folder of its own.",
                e);
        }
    }

    public void Dispose() => _file.Dispose();
}
