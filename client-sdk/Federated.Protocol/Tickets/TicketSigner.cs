using System.Security.Cryptography;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.Protocol.Tickets;

/// <summary>Signs tickets with the coordinator's key (ECDSA P-256, SHA-256, IEEE P1363). Safe for use by several threads.</summary>
public sealed class TicketSigner
{
    private readonly ECDsa _key;
    private readonly string _keyId;
    private readonly IssuedTickets? _issued;
    private readonly Lock _gate = new();

    /// <summary>Borrows the key; the caller disposes it.</summary>
    /// <param name="key">A P-256 key pair.</param>
    /// <param name="keyId">Names the key to verifiers.</param>
    /// <param name="issued">Remembers what is signed, for a verifier in this process; null where there is none.</param>
    public TicketSigner(ECDsa key, string keyId, IssuedTickets? issued = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        _key = key;
        _keyId = keyId;
        _issued = issued;
    }

    /// <summary>Serialises and signs a ticket.</summary>
    /// <param name="ticket">The ticket.</param>
    public SignedTicket Sign(UpdateTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        byte[] payload = ticket.ToByteArray();
        byte[] signature;
        lock (_gate)
        {
            signature = _key.SignData(payload, HashAlgorithmName.SHA256);
        }

        var signed = new SignedTicket
        {
            Payload = UnsafeByteOperations.UnsafeWrap(payload),
            Signature = UnsafeByteOperations.UnsafeWrap(signature),
            KeyId = _keyId,
        };
        _issued?.Add(signed);
        return signed;
    }
}
