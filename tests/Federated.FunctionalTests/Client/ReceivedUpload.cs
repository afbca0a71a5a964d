using System.Runtime.InteropServices;
using Federated.Protocol.V1;

namespace Federated.FunctionalTests.Client;

/// <summary>An upload as the fake gateway got it.</summary>
internal sealed record ReceivedUpload(UpdateHeader Header, byte[] Payload)
{
    public string AssignmentId => UpdateTicket.Parser.ParseFrom(Header.Ticket.Payload).AssignmentId;

    public float[] Floats => MemoryMarshal.Cast<byte, float>(Payload).ToArray();

    public double[] Doubles => MemoryMarshal.Cast<byte, double>(Payload).ToArray();
}
