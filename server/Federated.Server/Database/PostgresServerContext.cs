using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Database;

/// <summary>The database in PostgreSQL.</summary>
internal sealed class PostgresServerContext(DbContextOptions<PostgresServerContext> options) : ServerContext(options);
