using Federated.Client.Torch.Models;
using Federated.Client.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>Gathers the rows of a batch into two tensors that are used again from batch to batch.</summary>
internal sealed class BatchTensors : IDisposable
{
    private readonly Device _device;
    private readonly long[] _inputShape;
    private Tensor? _features;
    private Tensor? _labels;
    private int _capacity;

    /// <param name="device">Where batches are needed.</param>
    /// <param name="inputShape">Shape of one example as the module takes it.</param>
    public BatchTensors(Device device, IReadOnlyList<long> inputShape)
    {
        _device = device;
        _inputShape = [0, .. inputShape];
    }

    /// <summary>The batch as (rows, input shape) and its labels as one dimension. Both belong to the current dispose scope.</summary>
    public (Tensor Inputs, Tensor Labels) Gather(ExampleSet examples, ReadOnlySpan<int> indices, ReadOnlySpan<int> batch)
    {
        Reserve(examples, batch.Length);
        ReadOnlySpan<int> labels = examples.Labels.Span;
        Span<float> inputs = FlatTensor.Span<float>(_features!);
        Span<long> targets = FlatTensor.Span<long>(_labels!);
        int width = examples.FeatureLength, depth = examples.LabelLength;
        for (int i = 0; i < batch.Length; i++)
        {
            int row = indices[batch[i]];
            examples.CopyRow(row, inputs[(i * width)..]);
            for (int j = 0; j < depth; j++)
            {
                targets[(i * depth) + j] = labels[(row * depth) + j];
            }
        }

        _inputShape[0] = batch.Length;
        Tensor batchInputs = _features!.narrow(0, 0, (long)batch.Length * width).view(_inputShape);
        Tensor batchLabels = _labels!.narrow(0, 0, (long)batch.Length * depth);
        return _device.type == DeviceType.CPU ? (batchInputs, batchLabels) : (batchInputs.to(_device), batchLabels.to(_device));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _features?.Dispose();
        _labels?.Dispose();
    }

    private void Reserve(ExampleSet examples, int rows)
    {
        if (_capacity < rows)
        {
            Dispose();
            _capacity = rows;
            _features = empty((long)rows * examples.FeatureLength, dtype: ScalarType.Float32).DetachFromDisposeScope();
            _labels = empty((long)rows * examples.LabelLength, dtype: ScalarType.Int64).DetachFromDisposeScope();
        }
    }
}
