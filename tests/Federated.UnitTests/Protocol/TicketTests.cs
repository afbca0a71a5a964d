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
    public void Verify_IssuedInThisProcess_TakesTheVeryBytesOnly()
    {
        // A key that signed nothing: what it accepts, it knows from the signer.
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issued = new IssuedTickets();
        var verifier = new TicketVerifier(other, "k1", _time, issued);
        var signer = new TicketSigner(_key, "k1", issued);
        SignedTicket signed = signer.Sign(Ticket());
        UpdateTicket another = Ticket();
        another.DeviceId = "d-2";
        SignedTicket second = signer.Sign(another);
        SignedTicket crossed = signed.Clone();
        crossed.Signature = second.Signature;
        SignedTicket changed = signed.Clone();
        changed.Payload = ByteString.CopyFrom([.. signed.Payload.Span, 0]);

        Assert.Equal(TicketVerdict.Valid, verifier.Verify(signed.Clone(), out UpdateTicket read));
        Assert.Equal(Ticket(), read);
        Assert.Equal(TicketVerdict.Forged, verifier.Verify(crossed, out _));
        Assert.Equal(TicketVerdict.Forged, verifier.Verify(changed, out _));
        Assert.Equal(TicketVerdict.Forged, verifier.Verify(_signer.Sign(Ticket()), out _));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TicketVerdict.Expired, verifier.Verify(signed, out _));
    }

    [Fact]
    public void Verify_ManyIssued_TheForgottenAreVerified()
    {
        var issued = new IssuedTickets();
        var verifier = new TicketVerifier(_key, "k1", _time, issued);
        var signer = new TicketSigner(_key, "k1", issued);
        SignedTicket first = signer.Sign(Ticket());
        for (int i = 0; i < 3 * 4096; i++)
        {
            signer.Sign(Ticket());
        }

        Assert.False(issued.Has(first));
        Assert.Equal(TicketVerdict.Valid, verifier.Verify(first, out _));
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
