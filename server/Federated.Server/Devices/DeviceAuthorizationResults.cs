using Federated.Protocol;
using Federated.Server.Identity;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.IdentityModel.Tokens;

namespace Federated.Server.Devices;

/// <summary>Tells a device why its call was refused: a gRPC status with a sentence and a kind in place of a bare HTTP status.</summary>
internal sealed partial class DeviceAuthorizationResults(ILogger<DeviceAuthorizationResults> logger) : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _default = new();

    public async Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        var isGrpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;
        if (authorizeResult.Succeeded || !isGrpc)
        {
            await _default.HandleAsync(next, context, policy, authorizeResult);
            return;
        }

        // Authenticates no second time: the scheme keeps its result for the request.
        var authentication = await context.AuthenticateAsync(DeviceTokenValidation.Scheme);
        var (status, kind, message) = Explain(authorizeResult.Forbidden, authentication.Failure);
        Refused(logger, kind, status);

        // A trailers-only response: everything is in the headers.
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(message);
        response.Headers[ErrorKinds.Trailer] = kind;
    }

    private static (StatusCode Status, string Kind, string Message) Explain(bool isForbidden, Exception? failure)
    {
        if (isForbidden)
        {
            return (StatusCode.PermissionDenied, DeviceErrorKinds.DeviceRevoked, "The device is revoked.");
        }

        return failure switch
        {
            null => (StatusCode.Unauthenticated, DeviceErrorKinds.AccessTokenMissing, "The call carries no access token; call Identity.Authenticate first."),
            SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException =>
                (StatusCode.Unauthenticated, DeviceErrorKinds.AccessTokenExpired, "The access token has expired; authenticate again."),
            _ => (StatusCode.Unauthenticated, DeviceErrorKinds.AccessTokenInvalid, "The access token was not issued by this server."),
        };
    }

    [LoggerMessage(1202, LogLevel.Warning, "Refused a call: {Kind} ({Status})", EventName = "CallRefused")]
    private static partial void Refused(ILogger logger, string kind, StatusCode status);
}
