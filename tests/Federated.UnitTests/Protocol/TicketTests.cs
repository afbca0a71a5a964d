using System.Security.Cryptography;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Protocol;

public sealed class TicketTests : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly FakeTimeProvider _time = new();
    private readonly TicketSigner _signer;
    private readonly TicketVerifier _verifier;

    public TicketTests()
    {
        _signer = new TicketSigner(_key, "k1");
        _verifier = new TicketVerifier(_key, "k1", _time);
    }

    public void Dispose() => _key.Dispose();

    [Fact]
    public void Verify_SignedTicket_IsValidAndUnchanged()
    {
        UpdateTicket ticket = Ticket();

        TicketVerdict verdict = _verifier.Verify(_signer.Sign(ticket), out UpdateTicket read);

        Assert.Equal(TicketVerdict.Valid, verdict);
        Assert.Equal(ticket, read);
    }

    [Fact]
    public void Verify_EveryChangedByte_IsForged()
    {
        SignedTicket signed = _signer.Sign(Ticket());
        for (int i = 0; i < signed.Payload.Length; i++)
        {
            byte[] payload = signed.Payload.ToByteArray();
            payload[i] ^= 1;
            SignedTicket forged = signed.Clone();
            forged.Payload = ByteString.CopyFrom(payload);

            Assert.Equal(TicketVerdict.Forged, _verifier.Verify(forged, out _));
        }
    }

    [Fact]
    public void Verify_AfterItsTime_IsExpired()
    {
        SignedTicket signed = _signer.Sign(Ticket());

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(TicketVerdict.Expired, _verifier.Verify(signed, out _));
    }

    [Fact]
    public void Verify_OtherKeyId_IsUnknownKey()
    {
        SignedTicket signed = new TicketSigner(_key, "k2").Sign(Ticket());

        Assert.Equal(TicketVerdict.UnknownKey, _verifier.Verify(signed, out _));
    }

    [Fact]
    public void Verify_OtherKey_IsForged()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        SignedTicket signed = new TicketSigner(other, "k1").Sign(Ticket());

        Assert.Equal(TicketVerdict.Forged, _verifier.Verify(signed, out _));
    }

    [Fact]
    public void Verify_NothingOrAnotherVersion_IsNamed()
    {
        UpdateTicket ticket = Ticket();
        ticket.Version = 2;

        Assert.Equal(TicketVerdict.Missing, _verifier.Verify(null, out _));
        Assert.Equal(TicketVerdict.Missing, _verifier.Verify(new SignedTicket(), out _));
        Assert.Equal(TicketVerdict.UnsupportedVersion, _verifier.Verify(_signer.Sign(ticket), out _));
    }

    private UpdateTicket Ticket() => new()
    {
        Version = 1,
        TenantId = "default",
        JobId = "job",
        Round = 4,
        AssignmentId = "a-1",
        ExpiresAtMs = _time.GetUtcNow().AddMinutes(1).ToUnixTimeMilliseconds(),
    };
}
