using Federated.Coordination.Jobs;
using Federated.Protocol.V1;

namespace Federated.Coordination.Exchange;

/// <summary>A device's call on its way to an answer. Answered exactly once; a second answer is dropped.</summary>
internal sealed class ExchangeCall(DeviceIdentity device, ExchangeScalarsRequest request, DateTimeOffset waitUntil)
{
    private readonly TaskCompletionSource<ExchangeAnswer<ExchangeScalarsReply>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DeviceIdentity Device { get; } = device;

    public ExchangeScalarsRequest Request { get; } = request;

    public DateTimeOffset WaitUntil { get; } = waitUntil;

    /// <summary>What became of the gradients.</summary>
    public GradientVerdict Verdict { get; set; }

    public Task<ExchangeAnswer<ExchangeScalarsReply>> Answer => _answer.Task;

    public void Reply(ExchangeNext next, string message = "", IEnumerable<ReadOnlyMemory<byte>>? records = null)
    {
        var reply = new ExchangeScalarsReply { Verdict = Verdict, Next = next, Message = message };
        reply.Records.AddRange((records ?? []).Select(record => Google.Protobuf.ByteString.CopyFrom(record.Span)));
        _answer.TrySetResult(new(reply));
    }

    public void Refuse(string kind, string message) => _answer.TrySetResult(new(null, new ExchangeRefusal(kind, message)));

    /// <summary>The coordinator ends before it could answer.</summary>
    public void GiveUp() => _answer.TrySetResult(default);
}
