using System.Security.Claims;
using System.Text.Encodings.Web;
using Federated.Aggregator.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Federated.FunctionalTests.Gateway;

/// <summary>Believes a bearer token of the form <c>tenant:device</c>.</summary>
internal sealed class TestDevices(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "test-devices";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string[] parts = Request.Headers.Authorization.ToString().Replace("Bearer ", string.Empty, StringComparison.Ordinal).Split(':');
        if (parts.Length != 2)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var identity = new ClaimsIdentity(
            [new Claim(DevicePolicy.TenantClaim, parts[0]), new Claim(DevicePolicy.DeviceClaim, parts[1])], SchemeName);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName)));
    }
}
