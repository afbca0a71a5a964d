using System.Collections.Immutable;
using System.Globalization;

namespace Federated.Protocol.Tier;

/// <summary>
/// Coordinator to nodes: these devices were revoked. A node that knows everything up to <paramref name="After"/> knows everything up to
/// <paramref name="Until"/> now; it says how far it is in each <see cref="NodeAlive"/>, and what it has missed is sent again.
/// </summary>
/// <param name="After">Unix milliseconds; what was revoked before is not in this event.</param>
/// <param name="Until">Unix milliseconds of the latest revocation in it.</param>
/// <param name="Devices">At most <see cref="MaxDevices"/>.</param>
public sealed record DevicesRevoked(long After, long Until, ImmutableArray<RevokedDevice> Devices) : ITierEvent
{
    /// <summary>The most devices in one event.</summary>
    public const int MaxDevices = 200;

    /// <inheritdoc/>
    public string IdempotencyKey => string.Create(CultureInfo.InvariantCulture, $"{After}/{Until}/{Devices.Length}");
}
