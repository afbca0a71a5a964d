using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Federated.Server.Administration;

/// <summary>Authenticates REST requests by the administrator key, in <c>X-Api-Key</c> or as a bearer token.</summary>
internal sealed class AdministratorKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, AdministratorKey key)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string AuthenticationScheme = "Administrator";
    public const string Header = "X-Api-Key";
    public const string AdministratorName = "administrator";

    private const string BearerPrefix = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var candidate = Request.Headers[Header].FirstOrDefault() ?? Bearer(Request.Headers.Authorization.FirstOrDefault());
        if (key.IsOpen)
        {
            return Task.FromResult(Admit("development"));
        }

        if (candidate is null)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        return Task.FromResult(key.Accepts(candidate) ? Admit(AdministratorName) : AuthenticateResult.Fail("The administrator key is wrong."));
    }

    private static string? Bearer(string? header)
    {
        return header?.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase) == true ? header[BearerPrefix.Length..] : null;
    }

    private static AuthenticateResult Admit(string name)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], AuthenticationScheme);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), AuthenticationScheme));
    }
}
