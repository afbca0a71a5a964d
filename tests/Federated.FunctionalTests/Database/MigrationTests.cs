using Federated.Aggregator.Hosting.Settings;
using Federated.Server.Configuration;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Database;

public sealed class MigrationTests(PostgresCluster cluster)
{
    [Fact]
    public async Task Model_OfEachProvider_HasNoChangeWithoutMigration()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var postgres = await TestDatabase.OpenAsync(await PostgresAsync(migrate: true), cancellation);
        var sqlite = await TestDatabase.OpenAsync(new DatabaseOptions { ConnectionString = "Data Source=:memory:" }, cancellation);

        await using var postgresContext = postgres.CreateDbContext();
        await using var sqliteContext = sqlite.CreateDbContext();

        Assert.False(postgresContext.Database.HasPendingModelChanges());
        Assert.False(sqliteContext.Database.HasPendingModelChanges());
    }

    [Fact]
    public async Task Start_WithoutMigrateAtStart_NamesTheMissingMigration()
    {
        var options = await PostgresAsync(migrate: null);

        var exception = await Assert.ThrowsAsync<StartupException>(
            () => TestDatabase.OpenAsync(options, TestContext.Current.CancellationToken));

        Assert.Contains("_Initial", exception.Message, StringComparison.Ordinal);
        Assert.Contains("--Database:MigrateAtStart=true", exception.Message, StringComparison.Ordinal);
    }

    private async Task<DatabaseOptions> PostgresAsync(bool? migrate)
    {
        return new DatabaseOptions
        {
            Provider = DatabaseProvider.PostgreSQL,
            ConnectionString = await cluster.CreateDatabaseAsync(TestContext.Current.CancellationToken),
            MigrateAtStart = migrate,
        };
    }
}
