using Grpc.Core;

namespace Federated.FunctionalTests.Client;

internal static class FakeAuthorization
{
    /// <summary>Refuses a call without a token that is good now.</summary>
    public static void Authorize(FakeWorld world, ServerCallContext context)
    {
        string bearer = context.RequestHeaders.GetValue("authorization") ?? "";
        if (!bearer.StartsWith("Bearer ", StringComparison.Ordinal) || !world.Tokens.ContainsKey(bearer["Bearer ".Length..]))
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "the token is missing or expired"));
        }
    }
}
