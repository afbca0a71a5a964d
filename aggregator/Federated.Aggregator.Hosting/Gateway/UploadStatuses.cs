using System.Globalization;
using Federated.Aggregator.Ingest;
using Federated.Protocol;
using Grpc.Core;

namespace Federated.Aggregator.Hosting.Gateway;

/// <summary>The one place where outcomes become gRPC statuses and error kinds.</summary>
internal static class UploadStatuses
{
    public static (StatusCode Status, string Kind) Of(UploadOutcome outcome) => outcome switch
    {
        UploadOutcome.Malformed => (StatusCode.InvalidArgument, ErrorKinds.Protocol),
        UploadOutcome.TicketForged => (StatusCode.PermissionDenied, ErrorKinds.TicketForged),
        UploadOutcome.TicketForeign => (StatusCode.PermissionDenied, ErrorKinds.TicketForeign),
        UploadOutcome.TicketExpired => (StatusCode.FailedPrecondition, ErrorKinds.TicketExpired),
        UploadOutcome.StaleRound => (StatusCode.FailedPrecondition, ErrorKinds.StaleRound),
        UploadOutcome.SchemaMismatch => (StatusCode.InvalidArgument, ErrorKinds.SchemaMismatch),
        UploadOutcome.LengthMismatch => (StatusCode.InvalidArgument, ErrorKinds.LengthMismatch),
        UploadOutcome.Oversize => (StatusCode.InvalidArgument, ErrorKinds.Oversize),
        UploadOutcome.WeightOutOfBounds => (StatusCode.InvalidArgument, ErrorKinds.WeightOutOfBounds),
        UploadOutcome.StepsOutOfBounds => (StatusCode.InvalidArgument, ErrorKinds.StepsOutOfBounds),
        UploadOutcome.UploadInProgress => (StatusCode.Aborted, ErrorKinds.UploadInProgress),
        UploadOutcome.PoolFull => (StatusCode.ResourceExhausted, ErrorKinds.PoolFull),
        UploadOutcome.BufferFull => (StatusCode.ResourceExhausted, ErrorKinds.BufferFull),
        UploadOutcome.ChecksumMismatch => (StatusCode.InvalidArgument, ErrorKinds.ChecksumMismatch),
        UploadOutcome.NotFinite => (StatusCode.InvalidArgument, ErrorKinds.NotFinite),
        UploadOutcome.BadFrame => (StatusCode.InvalidArgument, ErrorKinds.BadFrame),
        UploadOutcome.NormExceeded => (StatusCode.InvalidArgument, ErrorKinds.NormExceeded),
        UploadOutcome.CompressionOutOfBounds => (StatusCode.InvalidArgument, ErrorKinds.CompressionOutOfBounds),
        UploadOutcome.ImpossibleStatistics => (StatusCode.InvalidArgument, ErrorKinds.ImpossibleStatistics),
        UploadOutcome.Interrupted => (StatusCode.Cancelled, ErrorKinds.Interrupted),
        UploadOutcome.Unavailable => (StatusCode.Unavailable, ErrorKinds.Unavailable),
        UploadOutcome.StorageFailed => (StatusCode.Internal, ErrorKinds.StorageFailed),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "A stored update is no error."),
    };

    /// <summary>Status, sentence and trailers of an upload that was not taken.</summary>
    public static RpcException Refusal(UploadResult result)
    {
        (StatusCode status, string kind) = Of(result.Outcome);
        var trailers = new Metadata { { ErrorKinds.Trailer, kind } };
        if (result.RetryAfter > TimeSpan.Zero)
        {
            trailers.Add(ErrorKinds.RetryAfterTrailer, ((long)result.RetryAfter.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }

        return new RpcException(new Status(status, result.Message), trailers);
    }
}
