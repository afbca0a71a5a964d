using Federated.Protocol;
using Grpc.Core;

namespace Federated.Server.Devices;

/// <summary>An error answer to a device: a status, one sentence, and a stable kind in the trailers.</summary>
internal static class GrpcRefusal
{
    public static RpcException Of(StatusCode status, string kind, string message)
    {
        return new RpcException(new Status(status, message), new Metadata { { ErrorKinds.Trailer, kind } });
    }
}
