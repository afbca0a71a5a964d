using Federated.Aggregator.Hosting.Settings;
using Federated.Server.Configuration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Database;

/// <summary>Brings the database to the schema of this build, or refuses to start on another one.</summary>
internal sealed partial class DatabasePreparation(
    IDbContextFactory<ServerContext> contexts, IOptions<DatabaseOptions> options, ILogger<DatabasePreparation> logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var pending = (await context.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        if (pending.Count == 0)
        {
            return;
        }

        if (!options.Value.MigratesAtStart)
        {
            throw new StartupException(
                $"The database lacks {pending.Count} migration(s): {string.Join(", ", pending)}. Start once with --Database:MigrateAtStart=true.");
        }

        await context.Database.MigrateAsync(cancellationToken);
        Migrated(logger, pending.Count, options.Value.Provider);
    }

    [LoggerMessage(1101, LogLevel.Information, "Applied {Count} migration(s) to the {Provider} database", EventName = "DatabaseMigrated")]
    private static partial void Migrated(ILogger logger, int count, DatabaseProvider provider);
}
