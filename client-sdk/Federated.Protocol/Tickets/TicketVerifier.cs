using System.Security.Cryptography;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.Protocol.Tickets;

/// <summary>Verifies tickets against the coordinator's public key. Safe for use by several threads.</summary>
public sealed class TicketVerifier
{
    /// <summary>The layout version of <see cref="UpdateTicket"/> that this build reads.</summary>
    public const uint SupportedVersion = 1;

    private readonly ECDsa _key;
    private readonly string _keyId;
    private readonly TimeProvider _time;
    private readonly IssuedTickets? _issued;
    private readonly Lock _gate = new();

    /// <summary>Borrows the key; the caller disposes it.</summary>
    /// <param name="key">The coordinator's P-256 key; its public half is enough.</param>
    /// <param name="keyId">The id under which tickets name the key.</param>
    /// <param name="time">Judges expiry.</param>
    /// <param name="issued">What a signer in this process has signed with the same key; null where there is none.</param>
    public TicketVerifier(ECDsa key, string keyId, TimeProvider time, IssuedTickets? issued = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        ArgumentNullException.ThrowIfNull(time);
        _key = key;
        _keyId = keyId;
        _time = time;
        _issued = issued;
    }

    /// <summary>Checks signature, version and expiry.</summary>
    /// <param name="signed">The ticket as a device sent it; may be null.</param>
    /// <param name="ticket">The content when the result is <see cref="TicketVerdict.Valid"/> or <see cref="TicketVerdict.Expired"/>; an empty ticket otherwise.</param>
    public TicketVerdict Verify(SignedTicket? signed, out UpdateTicket ticket)
    {
        ticket = new UpdateTicket();
        if (signed is null || signed.Payload.IsEmpty)
        {
            return TicketVerdict.Missing;
        }

        if (signed.KeyId != _keyId)
        {
            return TicketVerdict.UnknownKey;
        }

        if (_issued?.Has(signed) != true && !IsSigned(signed))
        {
            return TicketVerdict.Forged;
        }

        UpdateTicket content;
        try
        {
            content = UpdateTicket.Parser.ParseFrom(signed.Payload);
        }
        catch (InvalidProtocolBufferException)
        {
            return TicketVerdict.Forged;
        }

        if (content.Version != SupportedVersion)
        {
            return TicketVerdict.UnsupportedVersion;
        }

        ticket = content;
        return content.ExpiresAtMs <= _time.GetUtcNow().ToUnixTimeMilliseconds() ? TicketVerdict.Expired : TicketVerdict.Valid;
    }

    private bool IsSigned(SignedTicket signed)
    {
        lock (_gate)
        {
            return _key.VerifyData(signed.Payload.Span, signed.Signature.Span, HashAlgorithmName.SHA256);
        }
    }
}
