using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Numerics;
using Federated.Protocol;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>Why a gateway would refuse an update, by the job's bounds.</summary>
/// <param name="Kind">A stable kind for counting.</param>
/// <param name="Reason">One sentence.</param>
internal readonly record struct UpdateFault(string Kind, string Reason)
{
    public static UpdateFault? Find(BoundSettings bounds, ClientTaskResult result, IReadOnlyList<SectionSpec> specs, ReadOnlySpan<byte> payload)
    {
        if (result.Weight > bounds.MaxWeight)
        {
            return new UpdateFault(ErrorKinds.WeightOutOfBounds, FormattableString.Invariant($"The update weighs {result.Weight}; the job allows {bounds.MaxWeight}."));
        }

        if (result.Steps > bounds.MaxSteps)
        {
            return new UpdateFault(ErrorKinds.StepsOutOfBounds, FormattableString.Invariant($"The update took {result.Steps} steps; the job allows {bounds.MaxSteps}."));
        }

        if (!IsFinite(result, specs, payload, out double norm))
        {
            return new UpdateFault(ErrorKinds.NotFinite, "The update has a NaN or an infinity.");
        }

        return bounds.MaxNorm > 0 && norm > bounds.MaxNorm
            ? new UpdateFault(ErrorKinds.NormExceeded, FormattableString.Invariant($"The update has the norm {norm:G6}; the job allows {bounds.MaxNorm}."))
            : null;
    }

    private static bool IsFinite(ClientTaskResult result, IReadOnlyList<SectionSpec> specs, ReadOnlySpan<byte> payload, out double norm)
    {
        double squares = 0;
        bool finite = true;
        IReadOnlyList<SectionHeader>? encoded = result.Encoded?.Sections;
        for (int i = 0; i < (encoded?.Count ?? specs.Count); i++)
        {
            SectionSpec section = encoded?[i].Spec ?? specs[i];
            int length = encoded is null ? (int)SectionSpecs.DenseBytes(section) : (int)encoded[i].ByteLength;
            if (section.Codec == SectionCodec.Frame)
            {
                FrameMeasure measure = Frames.Measure(payload[..length], (int)section.ElementCount);
                finite &= measure.Fault == FrameFault.None;
                squares += measure.SumOfSquares;
            }
            else if (section.Dtype == SectionDType.F32)
            {
                finite &= VectorMath.FiniteSquaredNorm(payload[..length], out double square);
                squares += square;
            }
            else if (section.Dtype == SectionDType.F64 && length > 0)
            {
                finite &= TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, double>(payload[..length]));
            }

            payload = payload[length..];
        }

        norm = Math.Sqrt(squares);
        return finite;
    }
}
