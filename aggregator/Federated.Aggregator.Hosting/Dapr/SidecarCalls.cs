using Dapr;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>Calls to the sidecar, tried again while it does not answer: it may start later than its app, and may be restarted.</summary>
internal sealed partial class SidecarCalls(IOptions<DaprOptions> options, SidecarOutages outages, TimeProvider time, ILogger<SidecarCalls> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="DaprException">The sidecar refused, or did not answer for <see cref="DaprOptions.SidecarTimeout"/>.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await call(cancellationToken);
            }
            catch (DaprException exception) when (IsOutage(exception))
            {
                outages.Note();
                if (time.GetElapsedTime(started) >= options.Value.SidecarTimeout)
                {
                    throw;
                }

                LogNoAnswer(exception.InnerException?.Message ?? exception.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private static bool IsOutage(DaprException exception) =>
        exception.InnerException is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled };

    [LoggerMessage(1701, LogLevel.Warning, "The Dapr sidecar does not answer: {Reason}", EventName = "SidecarSilent")]
    private partial void LogNoAnswer(string reason);
}
