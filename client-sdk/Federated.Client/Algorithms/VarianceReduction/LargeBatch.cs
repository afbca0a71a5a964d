using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.VarianceReduction;

/// <summary>
/// A gradient over many examples, taken in passes that fit into memory and summed by their sizes. Equal keys take the same examples and the same masks.
/// </summary>
internal sealed class LargeBatch
{
    private const int DefaultPass = 512;

    private readonly BatchSchedule _examples = new();
    private readonly IObjective _objective;
    private readonly TrainingKey _key;
    private readonly int _pass;
    private readonly double _weightDecay;

    /// <summary>Chooses the examples.</summary>
    /// <param name="objective">The client's objective.</param>
    /// <param name="settings">The task's settings; its parameters <c>largeBatch</c> (0: all examples) and <c>passSize</c> count.</param>
    /// <param name="key">Decides the choice.</param>
    /// <param name="size">Examples; null for the parameter.</param>
    public LargeBatch(IObjective objective, LocalTraining settings, TrainingKey key, int? size = null)
    {
        _objective = objective;
        _key = key;
        _weightDecay = settings.WeightDecay;
        int wanted = size ?? (int)settings.Parameters.GetValueOrDefault("largeBatch", 0);
        Size = wanted == 0 ? objective.ExampleCount : Math.Min(wanted, objective.ExampleCount);
        int pass = (int)settings.Parameters.GetValueOrDefault("passSize", DefaultPass);
        _pass = pass == 0 ? Math.Max(1, Size) : pass;
    }

    /// <summary>Examples in the batch; 0 for a client without any.</summary>
    public int Size { get; }

    /// <summary>The mean loss and its gradient; with weight decay, that of the penalised loss.</summary>
    /// <param name="parameters">Where.</param>
    /// <param name="gradient">Overwritten.</param>
    /// <param name="stop">Ends the work between two passes.</param>
    /// <returns>Null when the work was ended: what some of the examples say in their order on the device is no fair share of the batch.</returns>
    public double? Gradient(ReadOnlySpan<float> parameters, Span<float> gradient, CancellationToken stop)
    {
        _examples.Start(_key, _objective.ExampleCount, Size);
        ReadOnlySpan<int> batch = _examples.Next();
        using var part = new Scratch(gradient.Length);
        gradient.Clear();
        double loss = 0;
        for (int start = 0; start < batch.Length; start += _pass)
        {
            if (stop.IsCancellationRequested)
            {
                return null;
            }

            ReadOnlySpan<int> examples = batch.Slice(start, Math.Min(_pass, batch.Length - start));
            double share = (double)examples.Length / batch.Length;
            _objective.UseMasks(_key, start / _pass);
            loss += share * _objective.LossAndGradient(parameters, examples, part.Values);
            TensorPrimitives.MultiplyAdd(part.Values, (float)share, gradient, gradient);
        }

        if (_weightDecay > 0)
        {
            TensorPrimitives.MultiplyAdd(parameters, (float)_weightDecay, gradient, gradient);
        }

        return loss;
    }
}
