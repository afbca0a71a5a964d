using Federated.Client.Training;
using Federated.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Benchmarks.Training;

/// <summary>Federated averaging of LeNet as one would write it with TorchSharp: one module, its optimizer, one thread, one client after another.</summary>
internal sealed class HandWrittenLeNet : IDisposable
{
    private readonly IReadOnlyList<int[]> _clients;
    private readonly LocalWork _work;
    private readonly Tensor _images;
    private readonly Tensor _labels;
    private readonly Conv2d _conv1 = nn.Conv2d(1, 6, 5);
    private readonly Conv2d _conv2 = nn.Conv2d(6, 16, 5);
    private readonly Linear _fc1 = nn.Linear(256, 120);
    private readonly Linear _fc2 = nn.Linear(120, 84);
    private readonly Linear _fc3 = nn.Linear(84, 10);
    private readonly Parameter[] _parameters;
    private readonly Tensor[] _global;
    private readonly Tensor[] _sum;
    private readonly optim.Optimizer _optimizer;
    private readonly CounterRandom _random = new(1, RandomPurpose.Test);

    public HandWrittenLeNet(ExampleSet examples, IReadOnlyList<int[]> clients, LocalWork work)
    {
        _clients = clients;
        _work = work;
        _images = tensor(examples.Features.ToArray()).view(examples.Count, 1, 28, 28);
        _labels = tensor(examples.Labels.ToArray()).to(int64);
        nn.Module[] layers = [_conv1, _conv2, _fc1, _fc2, _fc3];
        _parameters = [.. layers.SelectMany(layer => layer.parameters())];
        _global = [.. _parameters.Select(parameter => parameter.detach().clone())];
        _sum = [.. _global.Select(tensor => zeros_like(tensor))];
        _optimizer = optim.SGD(_parameters, LocalWork.LearningRate);
    }

    public void Run()
    {
        set_num_threads(1);
        for (int round = 0; round < _work.Rounds; round++)
        {
            foreach (int[] rows in _clients)
            {
                Train([.. rows.Select(row => (long)row)]);
            }

            using IDisposable noGrad = no_grad();
            foreach (var (global, sum) in _global.Zip(_sum))
            {
                global.add_(sum);
                sum.fill_(0);
            }
        }
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (IDisposable resource in (IEnumerable<IDisposable>)[_conv1, _conv2, _fc1, _fc2, _fc3, _images, _labels, .. _global, .. _sum])
        {
            resource.Dispose();
        }
    }

    private void Train(long[] order)
    {
        CopyGlobal();
        _random.Shuffle(order.AsSpan());
        for (int step = 0; step < _work.Steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor batch = tensor(order.AsSpan(step * _work.BatchSize, _work.BatchSize).ToArray());
            Tensor loss = nn.functional.cross_entropy(Forward(_images.index_select(0, batch)), _labels.index_select(0, batch));
            _optimizer.zero_grad();
            loss.backward();
            _optimizer.step();
        }

        using DisposeScope deltas = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        for (int i = 0; i < _parameters.Length; i++)
        {
            _sum[i].add_(_parameters[i] - _global[i], 1.0 / _clients.Count);
        }
    }

    private Tensor Forward(Tensor images)
    {
        Tensor features = nn.functional.max_pool2d(nn.functional.relu(_conv1.call(images)), 2);
        features = nn.functional.max_pool2d(nn.functional.relu(_conv2.call(features)), 2);
        features = nn.functional.relu(_fc1.call(features.flatten(1)));
        return _fc3.call(nn.functional.relu(_fc2.call(features)));
    }

    private void CopyGlobal()
    {
        using IDisposable noGrad = no_grad();
        foreach (var (parameter, global) in _parameters.Zip(_global))
        {
            parameter.copy_(global);
        }
    }
}
