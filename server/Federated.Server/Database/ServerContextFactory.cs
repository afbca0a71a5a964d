using System.Data.Common;
using Federated.Server.Configuration;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Federated.Server.Database;

/// <summary>Makes contexts of the configured provider, pooled.</summary>
internal sealed class ServerContextFactory(IOptions<DatabaseOptions> database, IOptions<DataOptions> data, ILoggerFactory loggers)
    : IDbContextFactory<ServerContext>
{
    private readonly Lazy<Func<ServerContext>> _create = new(() => database.Value.Provider switch
    {
        DatabaseProvider.Sqlite => Sqlite(SqliteConnectionString(database.Value, data.Value), loggers),
        DatabaseProvider.PostgreSQL => Postgres(database.Value.ConnectionString!, loggers),
        var provider => throw new InvalidOperationException($"The database provider {provider} is not known."),
    });

    public ServerContext CreateDbContext()
    {
        return _create.Value();
    }

    public Task<ServerContext> CreateDbContextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(CreateDbContext());
    }

    /// <summary>A connection without a context around it, closed.</summary>
    public DbConnection CreateConnection()
    {
        return database.Value.Provider == DatabaseProvider.Sqlite
            ? new SqliteConnection(SqliteConnectionString(database.Value, data.Value))
            : new NpgsqlConnection(database.Value.ConnectionString);
    }

    private static string SqliteConnectionString(DatabaseOptions database, DataOptions data)
    {
        return database.ConnectionString ?? $"Data Source={data.DatabaseFile}";
    }

    private static Func<ServerContext> Sqlite(string connectionString, ILoggerFactory loggers)
    {
        var options = new DbContextOptionsBuilder<SqliteServerContext>().UseSqlite(connectionString).UseLoggerFactory(loggers).Options;
        return new PooledDbContextFactory<SqliteServerContext>(options).CreateDbContext;
    }

    private static Func<ServerContext> Postgres(string connectionString, ILoggerFactory loggers)
    {
        var options = new DbContextOptionsBuilder<PostgresServerContext>().UseNpgsql(connectionString).UseLoggerFactory(loggers).Options;
        return new PooledDbContextFactory<PostgresServerContext>(options).CreateDbContext;
    }
}
