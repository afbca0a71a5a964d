using Federated.Client.Torch.Models;
using Federated.Protocol.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>
/// Listens to what reaches the normalisation layers of a module, which normalise by their batches until it is disposed; then the running statistics are
/// what they were.
/// </summary>
internal sealed class NormalisationInputs : IDisposable
{
    private readonly FlatModule _module;
    private readonly List<nn.Module<Tensor, Tensor>> _layers = [];
    private readonly List<Action> _hooks = [];
    private readonly double[] _section;
    private readonly Tensor _statistics;
    private readonly Tensor _counts;

    /// <param name="module">In evaluation mode.</param>
    /// <param name="usesBatches">Whether the layers normalise by their batches, which takes two values a channel.</param>
    public NormalisationInputs(FlatModule module, bool usesBatches)
    {
        _module = module;
        _statistics = module.Statistics.clone().DetachFromDisposeScope();
        _counts = module.Counts.clone().DetachFromDisposeScope();
        Dictionary<string, nn.Module> modules = module.Module.named_modules().ToDictionary(pair => pair.name, pair => pair.module, StringComparer.Ordinal);
        int channels = 0;
        foreach (NormalisationLayer description in NormalisationLayer.Of(module.Schema))
        {
            int first = channels;
            var layer = (nn.Module<Tensor, Tensor>)modules[description.Name];
            layer.train(usesBatches);
            _layers.Add(layer);
            var hook = layer.register_forward_pre_hook((_, input) =>
            {
                Add(input, first);
                return input;
            });
            _hooks.Add(hook.remove);
            channels += description.Channels;
        }

        _section = new double[MomentSums.Width * channels];
    }

    /// <summary>What has come so far.</summary>
    public MomentSums Sums => new(_section);

    public void Dispose()
    {
        _hooks.ForEach(remove => remove());
        _layers.ForEach(layer => layer.train(false));
        using IDisposable noGrad = no_grad();
        _module.Statistics.copy_(_statistics);
        _module.Counts.copy_(_counts);
        _statistics.Dispose();
        _counts.Dispose();
    }

    /// <param name="input">(batch, channels, ...).</param>
    /// <param name="first">The layer's first channel.</param>
    private void Add(Tensor input, int first)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor columns = input.detach().transpose(0, 1).flatten(1).to(ScalarType.Float64).cpu();
        ReadOnlySpan<double> sums = FlatTensor.Span<double>(columns.sum(1));
        ReadOnlySpan<double> squares = FlatTensor.Span<double>(columns.mul(columns).sum(1));
        MomentSums total = Sums;
        for (int i = 0; i < sums.Length; i++)
        {
            total.Counts[first + i] += columns.shape[1];
            total.Sums[first + i] += sums[i];
            total.Squares[first + i] += squares[i];
        }
    }
}
