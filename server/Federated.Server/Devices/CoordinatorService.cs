using Federated.Aggregator.Hosting;
using Federated.Coordination.Jobs;
using Federated.Protocol.V1;
using Federated.Server.Identity;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Federated.Server.Devices;

/// <summary>What devices ask of the coordinators, over gRPC.</summary>
[Authorize(DevicePolicy.Name)]
internal sealed class CoordinatorService(JobDirectory jobs) : Coordinator.CoordinatorBase
{
    private const int MaximumAssignments = 1000;

    public override Task<CheckInReply> CheckIn(CheckInRequest request, ServerCallContext context)
    {
        if (!SdkVersions.IsWellFormed(request.SdkVersion))
        {
            throw GrpcRefusal.Of(StatusCode.InvalidArgument, DeviceErrorKinds.ArgumentInvalid, "sdk_version must read major.minor.patch.");
        }

        RequireFew(request.PendingAssignments.Count, "pending_assignments");
        return jobs.Devices.CheckInAsync(
            Caller(context), request, context.CancellationToken, context.GetHttpContext().Response.RegisterForDispose);
    }

    public override Task<DispositionReply> Disposition(DispositionRequest request, ServerCallContext context)
    {
        RequireFew(request.AssignmentIds.Count, "assignment_ids");
        return jobs.Devices.DispositionAsync(Caller(context), request, context.CancellationToken);
    }

    public override async Task<FailureReceipt> ReportFailure(FailureReport request, ServerCallContext context)
    {
        if (string.IsNullOrWhiteSpace(request.Kind) || request.Kind.Length > 100)
        {
            throw GrpcRefusal.Of(StatusCode.InvalidArgument, DeviceErrorKinds.ArgumentInvalid, "kind must have 1 to 100 characters.");
        }

        return await jobs.Devices.ReportFailureAsync(Caller(context), request, context.CancellationToken)
            ? new FailureReceipt()
            : throw GrpcRefusal.Of(StatusCode.Unavailable, DeviceErrorKinds.CoordinatorAway, "The job's coordinator is starting; try again.");
    }

    private static DeviceIdentity Caller(ServerCallContext context)
    {
        return DeviceClaims.Read(context.GetHttpContext().User);
    }

    private static void RequireFew(int count, string field)
    {
        if (count > MaximumAssignments)
        {
            throw GrpcRefusal.Of(StatusCode.InvalidArgument, DeviceErrorKinds.ArgumentInvalid,
                $"{field} has {count} entries; at most {MaximumAssignments} are allowed.");
        }
    }
}
