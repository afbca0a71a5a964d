using Microsoft.AspNetCore.Authorization;

namespace Federated.Server.Identity;

/// <summary>The caller is a device that has not been revoked.</summary>
internal sealed class ActiveDeviceRequirement : IAuthorizationRequirement;
