using Microsoft.Extensions.Logging;

namespace Federated.Client.Calls;

/// <summary>Makes retries visible: in the log, and to the application as an event.</summary>
internal sealed partial class CallObserver(ILogger logger, Action<string, TimeSpan> notify)
{
    public void Retrying(Uri address, string call, Exception failure, TimeSpan delay)
    {
        string cause = CallRunner.Describe(failure);
        LogRetrying(logger, call, address, delay.TotalMilliseconds, cause);
        notify($"{call} failed ({cause}).", delay);
    }

    [LoggerMessage(EventId = 1101, EventName = "CallRetrying", Level = LogLevel.Warning,
        Message = "{Call} at {Address} is tried again in {DelayMs} ms: {Cause}")]
    private static partial void LogRetrying(ILogger logger, string call, Uri address, double delayMs, string cause);
}
