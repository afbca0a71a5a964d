using Microsoft.AspNetCore.Authorization;

namespace Federated.AggregatorHost;

/// <summary>The caller is no device that was revoked after it got its token.</summary>
internal sealed class NotRevoked : IAuthorizationRequirement;
