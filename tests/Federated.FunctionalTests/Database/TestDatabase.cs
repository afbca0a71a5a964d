using Federated.Server.Configuration;
using Federated.Server.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Federated.FunctionalTests.Database;

/// <summary>Migrated databases of both providers, without a server.</summary>
internal static class TestDatabase
{
    internal static async Task<ServerContextFactory> OpenAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        var factory = new ServerContextFactory(Options.Create(options), Options.Create(new DataOptions()), NullLoggerFactory.Instance);
        await new DatabasePreparation(factory, Options.Create(options), NullLogger<DatabasePreparation>.Instance).RunAsync(cancellationToken);
        return factory;
    }
}
