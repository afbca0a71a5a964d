using System.IO.Hashing;
using Federated.Protocol;
using Federated.Protocol.Sections;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Server;

/// <summary>A device by hand: takes a training task, and sends what it is told to, or nothing.</summary>
internal sealed class HandmadeDevice : IDisposable
{
    private readonly RunningServer _server;
    private readonly TestDevice _device;
    private readonly Coordinator.CoordinatorClient _coordinator;

    private HandmadeDevice(RunningServer server, TestDevice device)
    {
        _server = server;
        _device = device;
        _coordinator = new Coordinator.CoordinatorClient(server.Channel);
    }

    public static async Task<HandmadeDevice> EnrolAsync(RunningServer server, string token) =>
        new(server, await TestDevice.EnrolAndAuthenticateAsync(server, token));

    /// <summary>Checks in until there is a task.</summary>
    public async Task<TaskAssignment> TaskAsync(string jobId, CancellationToken cancellationToken)
    {
        while (true)
        {
            var request = new CheckInRequest { SdkVersion = "0.1.0", WaitMs = 30_000, Capabilities = new DeviceCapabilities() };
            request.Capabilities.Tasks.Add(TaskKind.Train);
            request.JobIds.Add(jobId);
            var reply = await _coordinator.CheckInAsync(request, _device.Headers, cancellationToken: cancellationToken);
            if (reply.Assignment is { } task)
            {
                return task;
            }
        }
    }

    /// <summary>Sends the dense sections of a task, and gives back how the server took them: a status, or the kind of its refusal.</summary>
    public Task<string> SendAsync(TaskAssignment task, byte[] payload, CancellationToken cancellationToken)
    {
        var header = new UpdateHeader { Ticket = task.Ticket, Weight = 1, Checksum = XxHash3.HashToUInt64(payload) };
        header.Sections.AddRange(task.TicketContent.Sections.Select(SectionSpecs.DenseHeader));
        return SendAsync(header, payload, cancellationToken);
    }

    /// <summary>The same under a header of the caller's.</summary>
    public async Task<string> SendAsync(UpdateHeader header, byte[] payload, CancellationToken cancellationToken)
    {
        using var call = _server.Channel.CreateCallInvoker().AsyncClientStreamingCall(
            UploadMethod.Client, null, new CallOptions(_device.Headers, cancellationToken: cancellationToken));
        try
        {
            await call.RequestStream.WriteAsync(new UploadFrame(header), cancellationToken);
            await call.RequestStream.WriteAsync(new UploadFrame(payload), cancellationToken);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException or IOException)
        {
            // A refusal may come before everything is sent; the response says why.
        }

        try
        {
            return (await call.ResponseAsync).Status.ToString();
        }
        catch (RpcException exception)
        {
            return exception.Trailers.GetValue(ErrorKinds.Trailer) ?? exception.Status.ToString();
        }
    }

    public async Task GiveUpAsync(TaskAssignment task, CancellationToken cancellationToken) =>
        await _coordinator.ReportFailureAsync(
            new FailureReport { AssignmentId = task.AssignmentId, Kind = ErrorKinds.Interrupted, Message = "gave up" }, _device.Headers, cancellationToken: cancellationToken);

    public void Dispose() => _device.Dispose();
}
