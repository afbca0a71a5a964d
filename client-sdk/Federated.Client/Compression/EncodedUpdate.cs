using Federated.Protocol.V1;

namespace Federated.Client.Compression;

/// <summary>An update as it is sent.</summary>
/// <param name="Length">Bytes of all sections.</param>
/// <param name="Sections">The sections with their lengths.</param>
/// <param name="Contraction">What the compressor kept: 1 − ‖C(v) − v‖² / ‖v‖².</param>
/// <param name="ErrorNorm">L2 norm of what the client still owes the server.</param>
/// <param name="Saturated">Elements beyond the range of the 16-bit floats.</param>
/// <param name="IsFinite">False when the compressed vector or the memory has a value that is not finite: the update must not be sent.</param>
public readonly record struct EncodedUpdate(
    int Length, IReadOnlyList<SectionHeader> Sections, double Contraction, double ErrorNorm, long Saturated, bool IsFinite);
