using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

internal sealed class FakeModelStore(FakeWorld world) : ModelStore.ModelStoreBase
{
    public override Task DownloadModel(DownloadRequest request, IServerStreamWriter<DownloadChunk> responseStream, ServerCallContext context)
    {
        FakeAuthorization.Authorize(world, context);
        world.Downloads.Enqueue(request);
        return world.Download(request, responseStream, context);
    }
}
