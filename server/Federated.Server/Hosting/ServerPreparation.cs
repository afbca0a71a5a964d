using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Identity;
using Microsoft.Extensions.Options;

namespace Federated.Server.Hosting;

/// <summary>What has to be true before the first request: data folder, database, revoked devices, a first enrolment token.</summary>
internal sealed partial class ServerPreparation(
    IConfiguration configuration,
    DataDirectoryLock dataLock,
    ServerKeys keys,
    DatabasePreparation database,
    RevokedDevices revoked,
    EnrolmentTokens tokens,
    IOptions<DeviceIdentityOptions> identity,
    ILogger<ServerPreparation> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        LogSettings(ConfigurationCatalogue.Catalogue.Effective(configuration));
        dataLock.Take();
        keys.Create();
        await database.RunAsync(cancellationToken);
        await revoked.LoadAsync(cancellationToken);
        if (identity.Value.FirstTokenUses > 0 && !await tokens.AnyAsync(Tenants.Default, cancellationToken))
        {
            await PrintFirstTokenAsync(cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    // Printed and not logged: logs are kept and shipped, the secret must not be.
    private async Task PrintFirstTokenAsync(CancellationToken cancellationToken)
    {
        var (row, secret) = await tokens.CreateAsync(
            Tenants.Default, "first start", identity.Value.FirstTokenUses, identity.Value.FirstTokenLifetime, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"Enrolment token (shown once; admits {row.UsesLeft} devices until {row.ExpiresAt:u}): {secret}".AsMemory(), cancellationToken);
    }

    [LoggerMessage(1001, LogLevel.Information, "Settings in effect:\n{Settings}", EventName = "EffectiveSettings")]
    private partial void LogSettings(string settings);
}
