using Federated.Client.Calls;
using Federated.Client.Transfer;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.Client.Sessions;

/// <summary>The coordinator's calls with time limits, retries and authentication.</summary>
internal sealed class CoordinatorCalls(ChannelPool channels, AuthorizedCalls calls, TimeSpan callTimeout)
{
    private readonly Coordinator.CoordinatorClient _client = new(channels.InvokerFor(channels.Coordinator));
    private readonly ScalarExchange.ScalarExchangeClient _exchange = new(channels.InvokerFor(channels.Coordinator));

    public Task<CheckInAnswer> CheckInAsync(CheckInRequest request, CancellationToken cancellationToken) =>
        RunAsync(
            "CheckIn",
            TimeSpan.FromMilliseconds(request.WaitMs),
            (headers, token) => channels.InvokerFor(channels.Coordinator).AsyncUnaryCall(
                CheckInMethod.Client, null, new CallOptions(headers, cancellationToken: token), request),
            cancellationToken);

    public Task<DispositionReply> DispositionAsync(IEnumerable<string> assignmentIds, TimeSpan wait, CancellationToken cancellationToken)
    {
        var request = new DispositionRequest { WaitMs = (uint)wait.TotalMilliseconds };
        request.AssignmentIds.AddRange(assignmentIds);
        return RunAsync(
            "Disposition", wait, (headers, token) => _client.DispositionAsync(request, headers, cancellationToken: token), cancellationToken);
    }

    public Task ReportFailureAsync(FailureReport report, CancellationToken cancellationToken) =>
        RunAsync(
            "ReportFailure",
            TimeSpan.Zero,
            (headers, token) => _client.ReportFailureAsync(report, headers, cancellationToken: token),
            cancellationToken);

    public Task<JoinExchangeReply> JoinExchangeAsync(JoinExchangeRequest request, CancellationToken cancellationToken) =>
        RunAsync(
            "JoinExchange",
            TimeSpan.Zero,
            (headers, token) => _exchange.JoinExchangeAsync(request, headers, cancellationToken: token),
            cancellationToken);

    public Task<ExchangeScalarsReply> ExchangeScalarsAsync(ExchangeScalarsRequest request, CancellationToken cancellationToken) =>
        RunAsync(
            "ExchangeScalars",
            TimeSpan.FromMilliseconds(request.WaitMs),
            (headers, token) => _exchange.ExchangeScalarsAsync(request, headers, cancellationToken: token),
            cancellationToken);

    private async Task<T> RunAsync<T>(
        string name, TimeSpan wait, Func<Metadata, CancellationToken, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await calls.RunAsync(
                channels.Coordinator,
                name,
                callTimeout + wait,
                async attempt =>
                {
                    using AsyncUnaryCall<T> unary = call(attempt.Headers, attempt.Token);
                    return await unary.ResponseAsync.ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw CallErrors.ToException(name, channels.Coordinator, e);
        }
    }
}
