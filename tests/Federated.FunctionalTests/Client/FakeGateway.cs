using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

internal sealed class FakeGateway(FakeWorld world) : UpdateGateway.UpdateGatewayBase
{
    public override Task<UploadReceipt> UploadUpdate(IAsyncStreamReader<UploadChunk> requestStream, ServerCallContext context)
    {
        FakeAuthorization.Authorize(world, context);
        Interlocked.Increment(ref world.UploadCalls);
        return world.Upload(requestStream, context);
    }
}
