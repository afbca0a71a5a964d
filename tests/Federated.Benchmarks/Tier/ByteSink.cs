using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Federated.Benchmarks.Tier;

/// <summary>The other way to hand an update over: a gRPC stream whose bytes are copied once into memory that is touched already.</summary>
internal sealed class ByteSink
{
    private static byte[] _target = [];
    private static int _received;

    private readonly UploadReceipt _receipt = new() { Status = UploadStatus.Stored };

    public static Method<UploadFrame, UploadReceipt> Method { get; } = new(
        MethodType.ClientStreaming, "benchmark.ByteSink", "Send",
        Marshallers.Create<UploadFrame>(UploadMethod.Client.RequestMarshaller.ContextualSerializer, Receive), UploadMethod.ReceiptMarshaller);

    public static void Prepare(int bytes)
    {
        if (_target.Length != bytes)
        {
            _target = new byte[bytes];
            Array.Fill<byte>(_target, 1);
        }

        _received = 0;
    }

    public async Task<UploadReceipt> Send(IAsyncStreamReader<UploadFrame> frames, ServerCallContext context)
    {
        while (await frames.MoveNext(context.CancellationToken))
        {
        }

        return _receipt;
    }

    private static UploadFrame Receive(DeserializationContext context)
    {
        foreach (ReadOnlyMemory<byte> segment in context.PayloadAsReadOnlySequence())
        {
            int length = Math.Min(segment.Length, _target.Length - _received);
            segment.Span[..length].CopyTo(_target.AsSpan(_received));
            _received += length;
        }

        return new UploadFrame(ReadOnlyMemory<byte>.Empty);
    }

    /// <summary>Binds the one call.</summary>
    internal sealed class Methods : IServiceMethodProvider<ByteSink>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<ByteSink> context) =>
            context.AddClientStreamingMethod(Method, [], static (sink, frames, call) => sink.Send(frames, call));
    }
}
