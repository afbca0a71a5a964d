using System.Security.Claims;
using Federated.Aggregator.Hosting;
using Federated.Aggregator.Tree;
using Microsoft.AspNetCore.Authorization;

namespace Federated.AggregatorHost;

/// <summary>Asks what the server has told the node of revoked devices, on every call.</summary>
internal sealed class NotRevokedHandler(TreeMember member) : AuthorizationHandler<NotRevoked>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, NotRevoked requirement)
    {
        string tenant = context.User.FindFirstValue(DevicePolicy.TenantClaim) ?? "";
        string device = context.User.FindFirstValue(DevicePolicy.DeviceClaim) ?? "";
        if (member.Revocations.Contains(tenant, device))
        {
            context.Fail(new AuthorizationFailureReason(this, "The device is revoked."));
        }
        else
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
