using Federated.Protocol.Tickets;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Ingest;

/// <summary>First gate: is this ticket ours, this device's, and still good?</summary>
internal static class TicketCheck
{
    /// <returns>Null when the ticket holds.</returns>
    public static UploadResult? Check(TicketVerdict verdict, UpdateTicket ticket, DeviceCaller caller)
    {
        switch (verdict)
        {
            case TicketVerdict.Missing:
                return Forged("The header carries no ticket; send the ticket of the task assignment unchanged.");
            case TicketVerdict.UnknownKey:
                return Forged("The ticket names a key that is not the coordinator's; check in again for a fresh ticket.");
            case TicketVerdict.Forged:
                return Forged("The signature of the ticket does not fit its content; send the ticket of the task assignment unchanged.");
            case TicketVerdict.UnsupportedVersion:
                return Forged("The ticket has a layout version that this gateway does not read; check in again for a fresh ticket.");
            case TicketVerdict.Valid or TicketVerdict.Expired:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "Unknown verdict.");
        }

        if (ticket.DeviceId != caller.DeviceId || ticket.TenantId != caller.TenantId)
        {
            return new UploadResult(
                UploadOutcome.TicketForeign, "The ticket was issued to another device or tenant; use the ticket of your own task assignment.");
        }

        if (verdict == TicketVerdict.Expired)
        {
            return new UploadResult(
                UploadOutcome.TicketExpired,
                $"The ticket expired at {DateTimeOffset.FromUnixTimeMilliseconds(ticket.ExpiresAtMs):O}; drop the update and check in again.");
        }

        return null;
    }

    private static UploadResult Forged(string message) => new(UploadOutcome.TicketForged, message);
}
