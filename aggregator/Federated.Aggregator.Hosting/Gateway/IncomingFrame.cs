using Federated.Protocol.V1;

namespace Federated.Aggregator.Hosting.Gateway;

/// <summary>One message of an upload as the gateway sees it. Data has gone into the slot before the message exists.</summary>
internal sealed class IncomingFrame
{
    private IncomingFrame(UpdateHeader? header) => Header = header;

    /// <summary>Payload bytes; the session of the call has taken them.</summary>
    public static IncomingFrame Data { get; } = new(header: null);

    /// <summary>No chunk of the protocol.</summary>
    public static IncomingFrame Malformed { get; } = new(header: null);

    public UpdateHeader? Header { get; }

    public static IncomingFrame Of(UpdateHeader header) => new(header);
}
