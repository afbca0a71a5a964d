using Grpc.Core;

namespace Federated.FunctionalTests.Server;

/// <summary>Asserts how a call was refused.</summary>
internal static class GrpcAssert
{
    public static async Task RefusedAsync(StatusCode status, string kind, Func<Task> call)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(call);

        Assert.Equal(status, exception.StatusCode);
        Assert.Equal(kind, exception.Trailers.GetValue("error-kind"));
        Assert.False(string.IsNullOrWhiteSpace(exception.Status.Detail));
    }
}
