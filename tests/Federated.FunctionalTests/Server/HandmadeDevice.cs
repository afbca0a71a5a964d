using System.IO.Hashing;
using Federated.Protocol;
using Federated.Protocol.Sections;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

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

    public string DeviceId => _device.DeviceId;

    /// <summary>Checks in until there is a task.</summary>
    public async Task<TaskAssignment> TaskAsync(string jobId, CancellationToken cancellationToken) =>
        await FindTaskAsync(jobId, cancellationToken) ?? throw new InvalidOperationException("The job has ended.");

    /// <summary>Takes every further task of a job, and gives it up.</summary>
    public async Task GiveUpAllAsync(string jobId, CancellationToken cancellationToken)
    {
        while (await FindTaskAsync(jobId, cancellationToken) is { } task)
        {
            await GiveUpAsync(task, cancellationToken);
        }
    }

    /// <summary>
    /// Sends an update over a connection of its own: Kestrel closes a connection on which a frame of a refused stream comes late, and what else goes over it breaks.
    /// </summary>
    public async Task<UploadStatus> UploadAsync(UpdateHeader header, byte[] payload, CancellationToken cancellationToken)
    {
        using var connection = GrpcChannel.ForAddress(_server.Addresses.Grpc);
        using var call = connection.CreateCallInvoker().AsyncClientStreamingCall(
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

        return (await call.ResponseAsync).Status;
    }

    /// <summary>What became of an update, as soon as it is known.</summary>
    public async Task<DispositionKind> FateAsync(TaskAssignment task, CancellationToken cancellationToken)
    {
        while (true)
        {
            var asked = new DispositionRequest { WaitMs = 30_000 };
            asked.AssignmentIds.Add(task.AssignmentId);
            var reply = await _coordinator.DispositionAsync(asked, _device.Headers, cancellationToken: cancellationToken);
            if (reply.Dispositions[0].Kind is not DispositionKind.Pending and var fate)
            {
                return fate;
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
        try
        {
            return (await UploadAsync(header, payload, cancellationToken)).ToString();
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

    /// <summary>Checks in until there is a task; null when the job has ended.</summary>
    private async Task<TaskAssignment?> FindTaskAsync(string jobId, CancellationToken cancellationToken)
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

            if (reply.Rejection.Reason == RejectionReason.JobEnded)
            {
                return null;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }
}
