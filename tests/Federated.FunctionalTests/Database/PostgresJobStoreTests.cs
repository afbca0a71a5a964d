using Federated.Coordination.Persistence;
using Federated.Server.Configuration;
using Federated.Server.Database;

namespace Federated.FunctionalTests.Database;

public sealed class PostgresJobStoreTests(PostgresCluster cluster) : JobStoreContract
{
    protected override async Task<IJobStore> CreateStoreAsync()
    {
        var options = new DatabaseOptions
        {
            Provider = DatabaseProvider.PostgreSQL,
            ConnectionString = await cluster.CreateDatabaseAsync(TestContext.Current.CancellationToken),
            MigrateAtStart = true,
        };
        return new EfJobStore(await TestDatabase.OpenAsync(options, TestContext.Current.CancellationToken));
    }
}
