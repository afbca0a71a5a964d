using Federated.Client.Identity;
using Grpc.Core;

namespace Federated.Client.Calls;

/// <summary>Runs calls that need the device's bearer token; a refused token is renewed once.</summary>
internal sealed class AuthorizedCalls(CallRunner runner, DeviceAuthenticator authenticator)
{
    /// <inheritdoc cref="CallRunner.RunAsync{T}" />
    public Task<T> RunAsync<T>(
        Uri address, string call, TimeSpan limit, Func<CallAttempt, Task<T>> attempt, CancellationToken cancellationToken) =>
        runner.RunAsync(address, call, limit, a => WithTokenAsync(call, a, attempt, cancellationToken), cancellationToken);

    private async Task<T> WithTokenAsync<T>(
        string call, CallAttempt attempt, Func<CallAttempt, Task<T>> body, CancellationToken cancellationToken)
    {
        AccessToken token = await authenticator.GetTokenAsync(cancellationToken).ConfigureAwait(false);
        Authorize(attempt, token);
        try
        {
            return await body(attempt).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated)
        {
            authenticator.Invalidate(token);
        }

        token = await authenticator.GetTokenAsync(cancellationToken).ConfigureAwait(false);
        Authorize(attempt, token);
        try
        {
            return await body(attempt).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated)
        {
            throw new FederatedClientException(
                FederatedClientReason.Unauthenticated,
                $"{call} refused a token that the server had just issued: {e.Status.Detail}",
                e);
        }
    }

    private static void Authorize(CallAttempt attempt, AccessToken token)
    {
        attempt.Headers.Clear();
        attempt.Headers.Add("authorization", "Bearer " + token.Value);
        attempt.Begin();
    }
}
