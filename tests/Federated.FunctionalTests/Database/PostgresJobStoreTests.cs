using Federated.Server.Configuration;
using Federated.Server.Database;

namespace Federated.FunctionalTests.Database;

public sealed class PostgresJobStoreTests(PostgresCluster cluster) : JobStoreContract
{
    private protected override async Task<ServerContextFactory> OpenAsync()
    {
        var options = new DatabaseOptions
        {
            Provider = DatabaseProvider.PostgreSQL,
            ConnectionString = await cluster.CreateDatabaseAsync(TestContext.Current.CancellationToken),
            MigrateAtStart = true,
        };
        return await TestDatabase.OpenAsync(options, TestContext.Current.CancellationToken);
    }
}
