using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

internal sealed class FakeCoordinator(FakeWorld world) : Coordinator.CoordinatorBase
{
    public override Task<CheckInReply> CheckIn(CheckInRequest request, ServerCallContext context)
    {
        FakeAuthorization.Authorize(world, context);
        world.CheckInRequests.Enqueue(request);
        return world.CheckIns.TryDequeue(out Func<CheckInRequest, CancellationToken, Task<CheckInReply>>? answer)
            ? answer(request, context.CancellationToken)
            : world.Answer(request, context.CancellationToken);
    }

    public override Task<DispositionReply> Disposition(DispositionRequest request, ServerCallContext context)
    {
        FakeAuthorization.Authorize(world, context);
        world.DispositionRequests.Enqueue(request);
        return world.Disposition(request, context.CancellationToken);
    }

    public override Task<FailureReceipt> ReportFailure(FailureReport request, ServerCallContext context)
    {
        FakeAuthorization.Authorize(world, context);
        world.Failures.Enqueue(request);
        return Task.FromResult(new FailureReceipt());
    }
}
