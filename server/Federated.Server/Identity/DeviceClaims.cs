using System.Security.Claims;
using Federated.Aggregator.Hosting;
using Federated.Coordination.Jobs;

namespace Federated.Server.Identity;

/// <summary>The claims of an access token.</summary>
internal static class DeviceClaims
{
    public const string Device = DevicePolicy.DeviceClaim;
    public const string Tenant = DevicePolicy.TenantClaim;

    public static DeviceIdentity Read(ClaimsPrincipal principal)
    {
        return new DeviceIdentity(Required(principal, Tenant), Required(principal, Device));
    }

    private static string Required(ClaimsPrincipal principal, string claim)
    {
        return principal.FindFirst(claim)?.Value
            ?? throw new InvalidOperationException($"An authorised device has no claim '{claim}'.");
    }
}
