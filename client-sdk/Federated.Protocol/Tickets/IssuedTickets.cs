using System.Collections.Concurrent;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.Protocol.Tickets;

/// <summary>
/// The latest tickets that a signer has made, for a verifier in the same process: the very bytes that it signed need no second look at their
/// signature, which costs more than the signing. Safe for use by several threads.
/// </summary>
public sealed class IssuedTickets
{
    /// <summary>Tickets of one generation. The older of two is forgotten when the younger is full, so memory stays bounded.</summary>
    private const int MostInAGeneration = 4096;

    private ConcurrentDictionary<ByteString, ByteString> _young = new();
    private ConcurrentDictionary<ByteString, ByteString> _old = new();

    internal void Add(SignedTicket signed)
    {
        if (_young.Count >= MostInAGeneration)
        {
            // Two threads may do it at once; then tickets are forgotten early, and verified.
            _old = _young;
            _young = new ConcurrentDictionary<ByteString, ByteString>();
        }

        _young[signed.Signature] = signed.Payload;
    }

    /// <summary>Whether signature and payload are, byte for byte, those of a ticket that was signed here.</summary>
    internal bool Has(SignedTicket signed) =>
        (_young.TryGetValue(signed.Signature, out ByteString? payload) || _old.TryGetValue(signed.Signature, out payload))
        && payload.Equals(signed.Payload);
}
