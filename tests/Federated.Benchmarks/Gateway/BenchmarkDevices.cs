using System.Security.Claims;
using System.Text.Encodings.Web;
using Federated.Aggregator.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Federated.Benchmarks.Gateway;

/// <summary>Takes every caller for the one device of the benchmark.</summary>
internal sealed class BenchmarkDevices(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "benchmark-devices";

    private static readonly ClaimsPrincipal Device = new(new ClaimsIdentity(
        [new Claim(DevicePolicy.TenantClaim, GatewayUpdate.Tenant), new Claim(DevicePolicy.DeviceClaim, GatewayUpdate.Device)], SchemeName));

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(Device, SchemeName)));
}
