using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>The update of a client before it is sent.</summary>
/// <param name="Client">Index of the client.</param>
/// <param name="Sections">Its sections.</param>
/// <param name="Payload">The sections one after another; owned by the trainer.</param>
internal readonly record struct ClientPayload(uint Client, ImmutableArray<SectionSpec> Sections, byte[] Payload)
{
    /// <summary>The values of a float32 section.</summary>
    public Span<float> Values(SectionRole role)
    {
        int offset = 0;
        foreach (SectionSpec section in Sections)
        {
            int length = (int)SectionSpecs.DenseBytes(section);
            if (section.Role == role)
            {
                return MemoryMarshal.Cast<byte, float>(Payload.AsSpan(offset, length));
            }

            offset += length;
        }

        throw new InvalidOperationException($"The update has no section {role}.");
    }
}
