using Federated.Protocol;
using Federated.Protocol.OneByte;
using Federated.Protocol.V1;

namespace Federated.Coordination.Exchange;

/// <summary>What of a call to an exchange cannot be right, whatever the log is.</summary>
internal static class ExchangeRefusals
{
    /// <summary>Why a report of a state is refused; null when it is good.</summary>
    public static ExchangeRefusal? OfReport(StateReport? state, uint machine) => state switch
    {
        null => null,
        { Sha256.Length: not 32 } => new(ErrorKinds.LengthMismatch, $"Machine {machine} reports a state hash of {state.Sha256.Length} bytes; SHA-256 has 32."),
        _ when !double.IsFinite(state.MeanLoss) => new(ErrorKinds.NotFinite, $"Machine {machine} reports a mean loss of {state.MeanLoss}; it must be finite."),
        _ => null,
    };

    /// <summary>Why gradients are refused; null when they are good.</summary>
    /// <param name="request">The call.</param>
    /// <param name="member">Who sends it.</param>
    /// <param name="codes">Bytes that a machine sends in a round.</param>
    /// <param name="window">Rounds between comparisons of states.</param>
    /// <param name="rounds">Rounds of the run.</param>
    public static ExchangeRefusal? OfGradients(ExchangeScalarsRequest request, ExchangeMember member, int codes, int window, int rounds)
    {
        int expected = GradientBytes.FramingBytes + codes;
        uint due = request.Round / (uint)window * (uint)window;
        uint checkedRound = Math.Max(member.CheckedRound, request.State?.Round ?? 0);
        return request.Gradients.Length > expected
            ? new(ErrorKinds.Oversize, $"The gradients have {request.Gradients.Length} bytes; a machine of this run sends {expected}.")
            : GradientBytes.Read(request.Gradients.Span) is not { } sent
            ? new(ErrorKinds.Protocol, $"The {request.Gradients.Length} bytes of gradients are no message: the length in their framing is another.")
            : sent.Codes.Length != codes
            ? new(ErrorKinds.LengthMismatch, $"The message has {sent.Codes.Length} gradients; a machine of this run sends {codes}.")
            : sent.Machine != member.Machine
            ? new(ErrorKinds.WrongMachine, $"The message is machine {sent.Machine}'s; the device is machine {member.Machine}.")
            : sent.Round != request.Round || sent.Previous != request.Previous
            ? new(ErrorKinds.Protocol, $"The message is for round {sent.Round} after {sent.Previous:x16}, the request for round {request.Round} after {request.Previous:x16}.")
            : sent.Round >= rounds
            ? new(ErrorKinds.StaleRound, $"Round {sent.Round} is behind the last one of the run, {rounds - 1}.")
            : checkedRound < due
            ? new(ErrorKinds.StateMissing, $"The hash of the state before round {due} is due with gradients of round {sent.Round}.")
            : null;
    }
}
