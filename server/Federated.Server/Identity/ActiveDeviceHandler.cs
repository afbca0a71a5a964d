using Microsoft.AspNetCore.Authorization;

namespace Federated.Server.Identity;

/// <summary>Asks the revocation set on every call, so that a revocation works at once and not when the token expires.</summary>
internal sealed class ActiveDeviceHandler(RevokedDevices revoked) : AuthorizationHandler<ActiveDeviceRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ActiveDeviceRequirement requirement)
    {
        if (context.User.Identity?.IsAuthenticated != true)
        {
            return Task.CompletedTask;
        }

        if (revoked.Contains(DeviceClaims.Read(context.User)))
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
