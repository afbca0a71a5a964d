using System.Numerics.Tensors;
using Federated.Numerics;

namespace Federated.Benchmarks.Training;

/// <summary>Federated averaging as one would write it down: one thread, one client after another, plain steps of gradient descent. What differs between models is the gradient of a batch.</summary>
internal abstract class HandWrittenAveraging(IReadOnlyList<int[]> clients, int parameters, LocalWork work)
{
    private readonly float[] _global = new float[parameters];
    private readonly float[] _local = new float[parameters];
    private readonly float[] _gradient = new float[parameters];
    private readonly float[] _sum = new float[parameters];
    private readonly CounterRandom _random = new(1, RandomPurpose.Test);

    public void Run()
    {
        for (int round = 0; round < work.Rounds; round++)
        {
            Array.Clear(_sum);
            foreach (int[] rows in clients)
            {
                Train([.. rows]);
                TensorPrimitives.Subtract(_local, _global, _local);
                TensorPrimitives.MultiplyAdd(_local, 1f / clients.Count, _sum, _sum);
            }

            TensorPrimitives.Add(_global, _sum, _global);
        }
    }

    /// <summary>Adds the gradients of a batch's rows; of a whole batch, so that the call does not count beside a sparse row.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="local">The client's parameters.</param>
    /// <param name="gradient">Receives the sum; as long as the parameters.</param>
    protected abstract void AddGradients(ReadOnlySpan<int> batch, float[] local, float[] gradient);

    private void Train(int[] order)
    {
        _global.CopyTo(_local, 0);
        _random.Shuffle(order.AsSpan());
        for (int step = 0; step < work.Steps; step++)
        {
            Array.Clear(_gradient);
            AddGradients(order.AsSpan(step * work.BatchSize, work.BatchSize), _local, _gradient);
            TensorPrimitives.MultiplyAdd(_gradient, (float)(-LocalWork.LearningRate / work.BatchSize), _local, _local);
        }
    }
}
