using System.IO.Hashing;
using System.Runtime.InteropServices;
using Federated.Protocol;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Server;

/// <summary>A device by hand that does one task and sends its update three times: twice at once, and when it counts already.</summary>
internal sealed class RepeatingDevice : IDisposable
{
    private readonly HandmadeDevice _device;

    private RepeatingDevice(HandmadeDevice device)
    {
        _device = device;
    }

    public string DeviceId => _device.DeviceId;

    /// <summary>Kinds of the refusals of what was sent after the update counted.</summary>
    public List<string?> LastRefusals { get; } = [];

    public static async Task<RepeatingDevice> EnrolAsync(RunningServer server, string token)
    {
        return new RepeatingDevice(await HandmadeDevice.EnrolAsync(server, token));
    }

    public async Task RunAsync(string jobId, int parameters, float shift, CancellationToken cancellationToken)
    {
        var task = await _device.TaskAsync(jobId, cancellationToken);
        var values = Enumerable.Repeat(shift, parameters).ToArray();
        var payload = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        var header = new UpdateHeader { Ticket = task.Ticket, Weight = 1, LocalSteps = 3, Checksum = XxHash3.HashToUInt64(payload), TrainingLoss = 0.5 };
        header.Sections.AddRange(task.TicketContent.Sections.Select(SectionSpecs.DenseHeader));

        Assert.Equal(UploadStatus.Stored, await _device.UploadAsync(header, payload, cancellationToken));
        try
        {
            Assert.Equal(UploadStatus.AlreadyStored, await _device.UploadAsync(header, payload, cancellationToken));
        }
        catch (RpcException exception)
        {
            // The buffer became a version in between.
            Assert.Contains(exception.Trailers.GetValue(ErrorKinds.Trailer), (string[])[ErrorKinds.BufferFull, ErrorKinds.StaleRound]);
        }

        Assert.Equal(DispositionKind.Counted, await _device.FateAsync(task, cancellationToken));
        while (LastRefusals.Count == 0)
        {
            try
            {
                await _device.UploadAsync(header, payload, cancellationToken);
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
}
