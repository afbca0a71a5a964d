using Federated.Aggregator.Tree;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>The calls of <c>federated.v1.PartialTransfer</c> bound by hand.</summary>
internal static class TransferMethods
{
    public const string ServiceName = "federated.v1.PartialTransfer";
    public const string SendName = "SendPartial";
    public const string AggregateName = "FetchAggregate";
    public const string RecoveryName = "FetchRecovery";
    public const string VerdictName = "FetchVerdict";
    public const string KeptName = "FetchKept";

    /// <summary>Takes the data of the call that runs; null before its header was admitted.</summary>
    public static readonly AsyncLocal<TransferIntake?> Intake = new();

    private static readonly Marshaller<FetchRequest> Requests = MarshallerOf(FetchRequest.Parser);
    private static readonly Marshaller<TransferReceipt> Receipts = MarshallerOf(TransferReceipt.Parser);

    public static Method<TransferFrame, TransferReceipt> Send { get; } = new(
        MethodType.ClientStreaming, ServiceName, SendName,
        Marshallers.Create<TransferFrame>(
            static (frame, context) => frame.Write(context),
            static context => TransferFrame.Read(context.PayloadAsReadOnlySequence(), Intake.Value is { } intake ? intake.Append : null)),
        Receipts);

    /// <summary>A fetch whose data goes to <paramref name="sink"/>; for the server, which sends, there is none.</summary>
    public static Method<FetchRequest, TransferFrame> Fetch(string name, TransferSink? sink) => new(
        MethodType.ServerStreaming, ServiceName, name, Requests,
        Marshallers.Create<TransferFrame>(
            static (frame, context) => frame.Write(context),
            context => TransferFrame.Read(context.PayloadAsReadOnlySequence(), sink)));

    private static Marshaller<T> MarshallerOf<T>(MessageParser<T> parser)
        where T : IMessage<T> => Marshallers.Create<T>(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
}
