using Federated.Aggregator.Hosting;
using Federated.Coordination.Exchange;
using Federated.Coordination.Jobs;
using Federated.Protocol;
using Federated.Protocol.V1;
using Federated.Server.Identity;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Federated.Server.Devices;

/// <summary>Exchanges of scalars, over gRPC.</summary>
[Authorize(DevicePolicy.Name)]
internal sealed class ScalarExchangeService(JobDirectory jobs) : ScalarExchange.ScalarExchangeBase
{
    public override async Task<JoinExchangeReply> JoinExchange(JoinExchangeRequest request, ServerCallContext context)
    {
        return Answer(await jobs.Devices.JoinExchangeAsync(Caller(context), request, context.CancellationToken));
    }

    public override async Task<ExchangeScalarsReply> ExchangeScalars(ExchangeScalarsRequest request, ServerCallContext context)
    {
        return Answer(await jobs.Devices.ExchangeAsync(Caller(context), request, context.CancellationToken));
    }

    private static T Answer<T>(ExchangeAnswer<T> answer)
        where T : class
    {
        if (answer.Reply is { } reply)
        {
            return reply;
        }

        throw answer.Refusal is { } refusal
            ? GrpcRefusal.Of(refusal.Kind == ErrorKinds.NoExchange ? StatusCode.NotFound : StatusCode.InvalidArgument, refusal.Kind, refusal.Message)
            : GrpcRefusal.Of(StatusCode.Unavailable, DeviceErrorKinds.CoordinatorAway, "The job's coordinator is starting; try again.");
    }

    private static DeviceIdentity Caller(ServerCallContext context)
    {
        return DeviceClaims.Read(context.GetHttpContext().User);
    }
}
