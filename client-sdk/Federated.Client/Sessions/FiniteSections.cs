using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Client.Sessions;

/// <summary>Looks for values that the gateway would refuse.</summary>
internal static class FiniteSections
{
    /// <summary>The role of the first float section with a NaN or an infinity; null when there is none.</summary>
    public static SectionRole? FirstNotFinite(IReadOnlyList<SectionSpec> sections, ReadOnlySpan<byte> payload)
    {
        foreach (SectionSpec section in sections)
        {
            int length = (int)SectionSpecs.DenseBytes(section);
            ReadOnlySpan<byte> bytes = payload[..length];
            payload = payload[length..];
            bool finite = length == 0 || section.Dtype switch
            {
                SectionDType.F32 => TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, float>(bytes)),
                SectionDType.F64 => TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, double>(bytes)),
                _ => true,
            };
            if (!finite)
            {
                return section.Role;
            }
        }

        return null;
    }
}
