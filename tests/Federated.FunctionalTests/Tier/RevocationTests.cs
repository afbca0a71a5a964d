using Federated.DaprSidecar.Faults;
using Federated.FunctionalTests.Server;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Federated.FunctionalTests.Tier;

/// <summary>A device that is revoked while its access token is good is refused by the nodes too, and by one that starts later.</summary>
public sealed class RevocationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Upload_OfARevokedDevice_IsRefusedByEveryNode()
    {
        // Every other event gets lost: what a node has missed comes after one of its signs of life.
        var setup = new TierSetup { Nodes = 2, Faults = new FaultSettings { Drop = 0.5, Seed = 5 } };
        await TierWorld.WithAsync(setup, async world =>
        {
            using TestDevice good = await world.EnrolAsync();
            using TestDevice revoked = await world.EnrolAsync();
            foreach (TierNode node in world.Nodes)
            {
                Assert.Equal(StatusCode.InvalidArgument, await CallAsync(node, revoked));
            }

            await world.RevokeAsync(revoked);

            foreach (TierNode node in world.Nodes)
            {
                await UntilRefusedAsync(node, revoked).WaitAsync(Patience, TierWorld.Cancellation);
                Assert.Equal(StatusCode.InvalidArgument, await CallAsync(node, good));
            }

            TierNode restarted = world.Nodes[0];
            await restarted.StopAsync();
            await restarted.StartAsync(asProcess: false, TierWorld.Cancellation);
            await UntilRefusedAsync(restarted, revoked).WaitAsync(Patience, TierWorld.Cancellation);
        });
    }

    private static Task UntilRefusedAsync(TierNode node, TestDevice device) =>
        Poll.UntilAsync(async () => await CallAsync(node, device) == StatusCode.PermissionDenied, TierWorld.Cancellation);

    /// <summary>An upload without a header: the way in is all that matters.</summary>
    private static async Task<StatusCode> CallAsync(TierNode node, TestDevice device)
    {
        using var channel = GrpcChannel.ForAddress(node.Uploads.Address);
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> call = channel.CreateCallInvoker().AsyncClientStreamingCall(
            UploadMethod.Client, null, new CallOptions(device.Headers, cancellationToken: TierWorld.Cancellation));
        try
        {
            await call.RequestStream.CompleteAsync();
            await call.ResponseAsync;
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }
}
