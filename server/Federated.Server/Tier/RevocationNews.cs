using Federated.Aggregator.Events;
using Federated.Coordination.Jobs;
using Federated.Protocol.Tier;
using Federated.Server.Configuration;
using Federated.Server.Identity;
using Microsoft.Extensions.Options;

namespace Federated.Server.Tier;

/// <summary>Tells nodes of revoked devices whose tokens have not expired, at once and as often as a node says that it does not know.</summary>
internal sealed partial class RevocationNews(
    RevokedDevices revoked, IEventBus bus, IOptions<DeviceIdentityOptions> identity, TimeProvider time, ILogger<RevocationNews> logger)
{
    // Nodes allow a clock that differs by at most 5 minutes (Trust:ClockTolerance).
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    public void Start() => revoked.Added += TellSoon;

    public void Stop() => revoked.Added -= TellSoon;

    /// <summary>Tells a node that knows everything up to a time what has happened since; nothing when nothing has.</summary>
    public async Task TellAsync(long known, CancellationToken cancellationToken)
    {
        if (known >= revoked.Latest)
        {
            return;
        }

        // Several may bear the same millisecond: those of the last known one are told again.
        TimeSpan memory = identity.Value.AccessTokenLifetime + ClockTolerance;
        long oldest = (time.GetUtcNow() - memory).ToUnixTimeMilliseconds();
        IReadOnlyList<(DeviceIdentity Device, long RevokedAt)> due = revoked.Since(Math.Max(known, oldest));
        long after = known;
        foreach ((DeviceIdentity Device, long RevokedAt)[] some in due.Chunk(DevicesRevoked.MaxDevices))
        {
            long until = some[^1].RevokedAt;
            await bus.PublishAsync(
                new DevicesRevoked(
                    after, until,
                    [.. some.Select(one => new RevokedDevice(one.Device.TenantId, one.Device.DeviceId, one.RevokedAt + (long)memory.TotalMilliseconds))]),
                cancellationToken);
            after = until;
        }
    }

    private void TellSoon(long before) => _ = TellNowAsync(before);

    private async Task TellNowAsync(long before)
    {
        try
        {
            await TellAsync(before, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The next sign of life of a node asks for it.
            LogNotTold(exception);
        }
    }

    [LoggerMessage(4301, LogLevel.Warning, "The nodes could not be told of a revoked device yet", EventName = "RevocationNotTold")]
    private partial void LogNotTold(Exception exception);
}
