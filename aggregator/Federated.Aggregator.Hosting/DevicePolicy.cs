using System.Security.Claims;
using Federated.Aggregator.Ingest;
using Grpc.Core;

namespace Federated.Aggregator.Hosting;

/// <summary>Authorization of devices. The host defines the policy; the bearer token carries the claims named here, unmapped.</summary>
public static class DevicePolicy
{
    /// <summary>Name of the authorization policy that every device call asks for.</summary>
    public const string Name = "federated.device";

    /// <summary>The device's id.</summary>
    public const string DeviceClaim = "sub";

    /// <summary>The device's tenant.</summary>
    public const string TenantClaim = "tenant";

    /// <summary>The device behind a call.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED: the token lacks a claim.</exception>
    public static DeviceCaller CallerOf(ClaimsPrincipal user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return user.FindFirstValue(DeviceClaim) is { Length: > 0 } device && user.FindFirstValue(TenantClaim) is { Length: > 0 } tenant
            ? new DeviceCaller(tenant, device)
            : throw new RpcException(new Status(StatusCode.Unauthenticated, "The bearer token names no device and tenant; authenticate again."));
    }
}
