using System.Buffers;
using System.Numerics.Tensors;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Compression;

/// <summary>
/// The down-link with the server's own error state: w, the model that devices hold, follows the model x that the server makes by compressed steps,
/// w ← w + C(x − w). What C leaves out is x − w, so it is sent with a later step and nothing is lost. The live coordinator and the simulator use the same class.
/// </summary>
public sealed class Broadcast
{
    private readonly VectorCompressor _compressor;
    private readonly ulong _seed;

    private Broadcast(CompressionSpec spec, ulong seed, ModelContent held)
    {
        _compressor = new VectorCompressor(spec, CompressionLayout.Of(held.Schema));
        _seed = seed;
        Held = held;
    }

    /// <summary>w; what the devices of the next round start from.</summary>
    public ModelContent Held { get; }

    /// <summary>‖x − w‖: the L2 norm of what the last step left out; 0 before the first one.</summary>
    public double Owed { get; private set; }

    /// <summary>Starts from what devices hold; null when the job sends its models as they are.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="held">The model that devices hold; is copied.</param>
    public static Broadcast? Of(JobDefinition job, ModelContent held)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(held);
        var spec = CompressionSpec.Parse(job.Compression.Down);
        return spec.IsActive
            ? new Broadcast(
                spec with { Feedback = FeedbackKind.Classical },
                job.Seed,
                new ModelContent(held.Schema, [.. held.Parameters], [.. held.Statistics], [.. held.Counts]))
            : null;
    }

    /// <summary>Moves what devices hold towards a new model.</summary>
    /// <param name="model">x, finite.</param>
    /// <param name="round">The round that made it; addresses the random draws.</param>
    /// <returns>What is sent: a <see cref="ModelDifference"/>.</returns>
    public byte[] Follow(ModelContent model, uint round)
    {
        ArgumentNullException.ThrowIfNull(model);
        int length = Held.Parameters.Length;
        float[] owed = ArrayPool<float>.Shared.Rent(length);
        byte[] frame = ArrayPool<byte>.Shared.Rent(checked((int)FrameLimits.FrameBytes(length)));
        try
        {
            TensorPrimitives.Subtract(model.Parameters, Held.Parameters, owed.AsSpan(0, length));
            int bytes = _compressor.Compress(owed.AsSpan(0, length), new CompressionDraw(_seed, round, uint.MaxValue), frame);
            byte[] difference = ModelDifference.Write(frame.AsSpan(0, bytes), model);
            ModelDifference.Apply(difference, Held);
            Owed = length == 0 ? 0 : TensorPrimitives.Distance(model.Parameters, Held.Parameters);
            return difference;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(owed);
            ArrayPool<byte>.Shared.Return(frame);
        }
    }
}
