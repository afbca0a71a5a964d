using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Protocol.Codecs;
using Federated.Protocol.V1;

namespace Federated.Client.Sessions;

/// <summary>Looks for values that the gateway would refuse.</summary>
internal static class FiniteSections
{
    /// <summary>The role of the first float section with a NaN or an infinity; null when there is none.</summary>
    public static SectionRole? FirstNotFinite(IReadOnlyList<SectionHeader> sections, ReadOnlySpan<byte> payload)
    {
        foreach (SectionHeader header in sections)
        {
            SectionSpec section = header.Spec;
            int length = (int)header.ByteLength;
            ReadOnlySpan<byte> bytes = payload[..length];
            payload = payload[length..];
            bool finite = length == 0 || (section.Codec, section.Dtype) switch
            {
                (SectionCodec.Frame, _) => Frames.Measure(bytes, (int)section.ElementCount).Fault == FrameFault.None,
                (_, SectionDType.F32) => TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, float>(bytes)),
                (_, SectionDType.F64) => TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, double>(bytes)),
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
