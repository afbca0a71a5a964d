using Federated.Coordination.Persistence;
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

    protected override async Task<IJobStore> CreateStoreAsync()
    {
        var options = new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "test.db")}" };
        return new EfJobStore(await TestDatabase.OpenAsync(options, TestContext.Current.CancellationToken));
    }
}
