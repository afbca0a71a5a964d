using Federated.Server.Configuration;
using Federated.Server.Database;
using Microsoft.Data.Sqlite;

namespace Federated.FunctionalTests.Database;

public sealed class SqliteJobStoreTests : JobStoreContract, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-sqlite-");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    private protected override Task<ServerContextFactory> OpenAsync()
    {
        var options = new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "test.db")}" };
        return TestDatabase.OpenAsync(options, TestContext.Current.CancellationToken);
    }
}
