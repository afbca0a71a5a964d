using System.IO.Hashing;
using System.Runtime.InteropServices;
using Federated.Protocol;
using Federated.Protocol.Sections;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Server;

/// <summary>A device by hand that does one task and sends its update three times: twice at once, and when it counts already.</summary>
internal sealed class RepeatingDevice : IDisposable
{
    private readonly RunningServer _server;
    private readonly TestDevice _device;

    private RepeatingDevice(RunningServer server, TestDevice device)
    {
        _server = server;
        _device = device;
    }

    public string DeviceId => _device.DeviceId;

    /// <summary>Kinds of the refusals of what was sent after the update counted.</summary>
    public List<string?> LastRefusals { get; } = [];

    public static async Task<RepeatingDevice> EnrolAsync(RunningServer server, string token)
    {
        return new RepeatingDevice(server, await TestDevice.EnrolAndAuthenticateAsync(server, token));
    }

    public async Task RunAsync(string jobId, int parameters, float shift, CancellationToken cancellationToken)
    {
        var coordinator = new Coordinator.CoordinatorClient(_server.Channel);
        var request = new CheckInRequest { SdkVersion = "0.1.0", WaitMs = 30_000, Capabilities = new DeviceCapabilities() };
        request.Capabilities.Tasks.Add(TaskKind.Train);
        request.JobIds.Add(jobId);
        var reply = await coordinator.CheckInAsync(request, _device.Headers, cancellationToken: cancellationToken);
        var task = reply.Assignment;
        var values = Enumerable.Repeat(shift, parameters).ToArray();
        var payload = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        var header = new UpdateHeader { Ticket = task.Ticket, Weight = 1, LocalSteps = 3, Checksum = XxHash3.HashToUInt64(payload), TrainingLoss = 0.5 };
        header.Sections.AddRange(task.TicketContent.Sections.Select(SectionSpecs.DenseHeader));

        Assert.Equal(UploadStatus.Stored, await SendAsync(header, payload, cancellationToken));
        try
        {
            Assert.Equal(UploadStatus.AlreadyStored, await SendAsync(header, payload, cancellationToken));
        }
        catch (RpcException exception)
        {
            // The buffer became a version in between.
            Assert.Contains(exception.Trailers.GetValue(ErrorKinds.Trailer), (string[])[ErrorKinds.BufferFull, ErrorKinds.StaleRound]);
        }

        DispositionKind fate;
        do
        {
            var asked = new DispositionRequest { WaitMs = 30_000 };
            asked.AssignmentIds.Add(task.AssignmentId);
            fate = (await coordinator.DispositionAsync(asked, _device.Headers, cancellationToken: cancellationToken)).Dispositions[0].Kind;
        }
        while (fate == DispositionKind.Pending);

        Assert.Equal(DispositionKind.Counted, fate);
        while (LastRefusals.Count == 0)
        {
            try
            {
                await SendAsync(header, payload, cancellationToken);
                LastRefusals.Add("none");
            }
            catch (RpcException exception) when (exception.Trailers.GetValue(ErrorKinds.Trailer) is ErrorKinds.BufferFull)
            {
                await Task.Yield();
            }
            catch (RpcException exception)
            {
                LastRefusals.Add(exception.Trailers.GetValue(ErrorKinds.Trailer));
            }
        }
    }

    public void Dispose()
    {
        _device.Dispose();
    }

    private async Task<UploadStatus> SendAsync(UpdateHeader header, byte[] payload, CancellationToken cancellationToken)
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

        return (await call.ResponseAsync).Status;
    }
}
