using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>
/// Lets only the sidecar in where Dapr's variable <c>APP_API_TOKEN</c> is set: the sidecar then sends the token with each call.
/// </summary>
internal sealed class SidecarToken(IConfiguration configuration) : IEndpointFilter
{
    private const string Header = "dapr-api-token";

    private readonly byte[] _token = Encoding.UTF8.GetBytes(configuration["APP_API_TOKEN"] ?? "");

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        byte[] sent = Encoding.UTF8.GetBytes(context.HttpContext.Request.Headers[Header].ToString());
        return _token.Length == 0 || CryptographicOperations.FixedTimeEquals(_token, sent)
            ? next(context)
            : ValueTask.FromResult<object?>(Results.StatusCode(StatusCodes.Status401Unauthorized));
    }
}
