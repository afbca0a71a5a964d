using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Federated.Aggregator.Hosting.Settings;

namespace Federated.Server.Configuration;

/// <summary>The database of durable facts.</summary>
internal sealed class DatabaseOptions : IValidatableObject
{
    public const string Section = "Database";

    [EnumDataType(typeof(DatabaseProvider))]
    [Description("`Sqlite` or `PostgreSQL`.")]
    public DatabaseProvider Provider { get; set; } = DatabaseProvider.Sqlite;

    [Secret]
    [Description("ADO.NET connection string. Required with PostgreSQL; with SQLite the default is the file `federated.db` in the data folder.")]
    public string? ConnectionString { get; set; }

    [Description("Whether the server brings the database to its schema when it starts. Unset means true with SQLite and false with PostgreSQL, where a start with a missing migration fails.")]
    public bool? MigrateAtStart { get; set; }

    public bool MigratesAtStart => MigrateAtStart ?? Provider == DatabaseProvider.Sqlite;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Provider == DatabaseProvider.PostgreSQL && string.IsNullOrWhiteSpace(ConnectionString))
        {
            yield return new ValidationResult("Database:ConnectionString is required when Database:Provider is PostgreSQL.", [nameof(ConnectionString)]);
        }
    }
}
