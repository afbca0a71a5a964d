using System.Globalization;
using System.Security.Authentication;
using Grpc.Core;

namespace Federated.Client.Calls;

/// <summary>Which answers mean "try again". docs/device-sdk.md lists them.</summary>
internal static class TransientFailures
{
    private const string RetryAfterTrailer = "retry-after-ms";

    /// <summary>A lost connection, a server that starts or stops, or one that is full.</summary>
    public static bool IsTransient(StatusCode code) => code
        is StatusCode.Unavailable
        or StatusCode.DeadlineExceeded
        or StatusCode.ResourceExhausted
        or StatusCode.Aborted
        or StatusCode.Cancelled
        or StatusCode.Internal
        or StatusCode.Unknown;

    /// <summary>The server's certificate is not trusted: trying again does not mend it, and must not hide it.</summary>
    public static bool IsUntrusted(RpcException failure)
    {
        for (Exception? cause = failure.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the failure says that the address does not answer, which is what the circuit breaker counts.</summary>
    public static bool IsOutage(StatusCode code) => IsTransient(code) && code is not (StatusCode.ResourceExhausted or StatusCode.Aborted);

    /// <summary>The delay that the server asks for, or null.</summary>
    public static TimeSpan? RetryAfter(RpcException failure) =>
        long.TryParse(failure.Trailers.GetValue(RetryAfterTrailer), NumberStyles.None, CultureInfo.InvariantCulture, out long ms)
        && ms <= TimeSpan.FromHours(1).TotalMilliseconds
            ? TimeSpan.FromMilliseconds(ms)
            : null;
}
