using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>Puts rejections into words.</summary>
internal static class Rejections
{
    public static CheckInReply Reply(RejectionReason reason, TimeSpan retryAfter) => new()
    {
        Rejection = new Rejection
        {
            Reason = reason,
            Message = reason switch
            {
                RejectionReason.NoWork => "No round needs a device now.",
                RejectionReason.CohortFull => "The round has all the devices it needs.",
                RejectionReason.JobEnded => "Every job that the device asked for has ended.",
                RejectionReason.UpgradeRequired => "The SDK is older than the server's minimum.",
                RejectionReason.Superseded => "Another check-in of the same device took this one's place.",
                RejectionReason.Incapable => "The device lacks a capability that every job here needs.",
                RejectionReason.Unavailable => "The coordinator of the job is restarting or shutting down.",
                _ => "Rejected.",
            },
            RetryAfterMs = (ulong)Math.Max(0, retryAfter.TotalMilliseconds),
        },
    };
}
