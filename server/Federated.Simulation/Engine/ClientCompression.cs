namespace Federated.Simulation.Engine;

/// <summary>What compression did to a client's counted update.</summary>
/// <param name="Client">The client's name.</param>
/// <param name="Bytes">Bytes of the update's sections.</param>
/// <param name="BytesDown">Bytes that the client downloaded for it.</param>
/// <param name="Contraction">1 − ‖C(v) − v‖² / ‖v‖² of the vector v that was compressed: 1 kept all, 0 nothing.</param>
/// <param name="ErrorNorm">L2 norm of what the client still owes; 0 without feedback.</param>
/// <param name="Saturated">Elements beyond the range of the 16-bit floats.</param>
public sealed record ClientCompression(string Client, long Bytes, long BytesDown, double Contraction, double ErrorNorm, long Saturated);
