using Grpc.Core;

namespace Federated.Client.Calls;

/// <summary>Turns final answers into the SDK's exception.</summary>
internal static class CallErrors
{
    public static FederatedClientException ToException(string call, Uri address, RpcException failure)
    {
        FederatedClientReason reason =
            failure.StatusCode == StatusCode.PermissionDenied ? FederatedClientReason.Revoked : FederatedClientReason.Refused;
        return new FederatedClientException(
            reason, $"{call} at {address} was refused: {CallRunner.Describe(failure)}", failure);
    }
}
