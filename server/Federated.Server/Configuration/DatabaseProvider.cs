namespace Federated.Server.Configuration;

/// <summary>The databases that the server has migrations for.</summary>
internal enum DatabaseProvider
{
    /// <summary>A file in the data folder; one server process.</summary>
    Sqlite,

    /// <summary>PostgreSQL 13 or later.</summary>
    PostgreSQL,
}
