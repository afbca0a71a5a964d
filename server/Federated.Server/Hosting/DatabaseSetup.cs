using Federated.Coordination.Persistence;
using Federated.Server.Database;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Hosting;

/// <summary>The database.</summary>
internal static class DatabaseSetup
{
    public static void AddDatabase(this IServiceCollection services)
    {
        services.AddSingleton<ServerContextFactory>();
        services.AddSingleton<IDbContextFactory<ServerContext>>(provider => provider.GetRequiredService<ServerContextFactory>());
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<ServerContext>>().CreateDbContext());
        services.AddSingleton<DatabasePreparation>();
        services.AddSingleton<IJobStore, EfJobStore>();
    }
}
