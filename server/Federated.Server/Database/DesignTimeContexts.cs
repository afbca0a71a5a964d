using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Federated.Server.Database;

/// <summary>Lets <c>dotnet ef migrations add</c> work without a running server or a database.</summary>
internal sealed class DesignTimeContexts : IDesignTimeDbContextFactory<SqliteServerContext>, IDesignTimeDbContextFactory<PostgresServerContext>
{
    SqliteServerContext IDesignTimeDbContextFactory<SqliteServerContext>.CreateDbContext(string[] args)
    {
        return new SqliteServerContext(new DbContextOptionsBuilder<SqliteServerContext>().UseSqlite("Data Source=:memory:").Options);
    }

    PostgresServerContext IDesignTimeDbContextFactory<PostgresServerContext>.CreateDbContext(string[] args)
    {
        return new PostgresServerContext(new DbContextOptionsBuilder<PostgresServerContext>().UseNpgsql("Host=localhost").Options);
    }
}
