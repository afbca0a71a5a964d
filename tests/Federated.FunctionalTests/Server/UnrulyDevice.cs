using System.Buffers.Binary;
using System.IO.Hashing;
using Federated.Protocol.Pruning;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.FunctionalTests.Server;

/// <summary>
/// A device by hand in a job with a sparse model of one layer: good in the first round; in the second, an adjustment, it sends gradients that nobody can use and gives up; in the third it sends what is
/// of the second, and what is packed under its mask, before it is good again.
/// </summary>
internal sealed class UnrulyDevice : IDisposable
{
    private readonly HandmadeDevice _device;

    private UnrulyDevice(HandmadeDevice device)
    {
        _device = device;
    }

    /// <summary>What was sent, and the kind of the refusal.</summary>
    public List<string> Refusals { get; } = [];

    public static async Task<UnrulyDevice> EnrolAsync(RunningServer server, string token)
    {
        return new UnrulyDevice(await HandmadeDevice.EnrolAsync(server, token));
    }

    public async Task RunAsync(string jobId, CancellationToken cancellationToken)
    {
        var first = await _device.TaskAsync(jobId, cancellationToken);
        Assert.Equal(nameof(UploadStatus.Stored), await SendAsync(first, [], cancellationToken));

        var second = await _device.TaskAsync(jobId, cancellationToken);
        var gradients = second.TicketContent.Sections.Single(section => section.Role == SectionRole.TopK);
        Assert.Equal((2u, 1UL), (second.Round, gradients.MaskEpoch));
        var elements = (int)gradients.ElementCount;
        await TryAsync("index out of range", second, Frame(elements, [3, 8], bytes => bytes[^1] = 0x7F), cancellationToken);
        await TryAsync("index twice", second, [.. Frame(elements, [3, 8], _ => { }, more: 4)[..^1], 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], cancellationToken);
        await TryAsync("not a number", second, Frame(elements, [3, 8], bytes => BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(24), float.NaN)), cancellationToken);
        await TryAsync("more than asked for", second, new byte[(int)gradients.MaxBytes + 1], cancellationToken);
        await _device.GiveUpAsync(second, cancellationToken);

        var third = await _device.TaskAsync(jobId, cancellationToken);
        await TryAsync("after its round", second, Frame(elements, [3], _ => { }), cancellationToken);
        Assert.Equal((3u, 2UL), (third.Round, third.TicketContent.Sections[0].MaskEpoch));
        await TryAsync("under the mask before", third, [], cancellationToken, maskEpoch: 1);
        Assert.Equal(nameof(UploadStatus.Stored), await SendAsync(third, [], cancellationToken));
    }

    public void Dispose()
    {
        _device.Dispose();
    }

    private static byte[] Frame(int elements, int[] indices, Action<byte[]> change, int more = 0)
    {
        var frame = new byte[TopGradients.MostBytes(indices.Length)];
        frame = frame[..TopGradients.Write(elements, indices, new float[indices.Length].Select(_ => 1f).ToArray(), frame)];
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), frame.Length + more);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(12), frame.Length + more - 16);
        change(frame);
        return frame;
    }

    private async Task TryAsync(string what, TaskAssignment task, byte[] gradients, CancellationToken cancellationToken, ulong? maskEpoch = null)
    {
        Refusals.Add($"{what}: {await SendAsync(task, gradients, cancellationToken, maskEpoch)}");
    }

    /// <summary>Sends a difference of zeros, and behind it the gradients.</summary>
    private Task<string> SendAsync(TaskAssignment task, byte[] gradients, CancellationToken cancellationToken, ulong? maskEpoch = null)
    {
        var delta = task.TicketContent.Sections[0].Clone();
        delta.MaskEpoch = maskEpoch ?? delta.MaskEpoch;
        byte[] payload = [.. new byte[SectionSpecs.DenseBytes(delta)], .. gradients];
        var header = new UpdateHeader { Ticket = task.Ticket, Weight = 1, LocalSteps = 1, Checksum = XxHash3.HashToUInt64(payload), TrainingLoss = 0.5 };
        header.Sections.Add(SectionSpecs.DenseHeader(delta));
        if (gradients.Length > 0)
        {
            header.Sections.Add(new SectionHeader { Spec = task.TicketContent.Sections[1], ByteLength = (ulong)gradients.Length });
        }

        return _device.SendAsync(header, payload, cancellationToken);
    }
}
