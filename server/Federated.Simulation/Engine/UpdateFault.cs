using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>Why a gateway would refuse an update, by the job's bounds.</summary>
/// <param name="Kind">A stable kind for counting.</param>
/// <param name="Reason">One sentence.</param>
internal readonly record struct UpdateFault(string Kind, string Reason)
{
    public static UpdateFault? Find(BoundSettings bounds, ClientTaskResult result, IReadOnlyList<SectionSpec> sections, ReadOnlySpan<byte> payload)
    {
        if (result.Weight > bounds.MaxWeight)
        {
            return new UpdateFault(ErrorKinds.WeightOutOfBounds, FormattableString.Invariant($"The update weighs {result.Weight}; the job allows {bounds.MaxWeight}."));
        }

        if (result.Steps > bounds.MaxSteps)
        {
            return new UpdateFault(ErrorKinds.StepsOutOfBounds, FormattableString.Invariant($"The update took {result.Steps} steps; the job allows {bounds.MaxSteps}."));
        }

        double norm = bounds.MaxNorm > 0 ? Norm(sections, payload) : 0;
        return norm > bounds.MaxNorm
            ? new UpdateFault(ErrorKinds.NormExceeded, FormattableString.Invariant($"The update has the norm {norm:G6}; the job allows {bounds.MaxNorm}."))
            : null;
    }

    private static double Norm(IReadOnlyList<SectionSpec> sections, ReadOnlySpan<byte> payload)
    {
        double squares = 0;
        foreach (SectionSpec section in sections)
        {
            int length = (int)SectionSpecs.DenseBytes(section);
            if (section.Dtype == SectionDType.F32)
            {
                double norm = TensorPrimitives.Norm(MemoryMarshal.Cast<byte, float>(payload[..length]));
                squares += norm * norm;
            }

            payload = payload[length..];
        }

        return Math.Sqrt(squares);
    }
}
