using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Costs;
using Federated.Simulation.Pruning;
using TorchSharp;

namespace Federated.Simulation.Models;

/// <summary>A model whose layers are TorchSharp modules.</summary>
internal sealed class TorchDefinition : ModelDefinition
{
    private readonly Func<MaskSource, torch.nn.Module<torch.Tensor, torch.Tensor>> _build;
    private readonly TensorScope _statistics;
    private readonly InitialisationScheme _scheme;

    private TorchDefinition(
        string name,
        ModelShape shape,
        int classes,
        ModelSchema schema,
        Func<MaskSource, torch.nn.Module<torch.Tensor, torch.Tensor>> build,
        TensorScope statistics,
        InitialisationScheme scheme)
        : base(name, shape, classes, schema)
    {
        _build = build;
        _statistics = statistics;
        _scheme = scheme;
    }

    public static TorchDefinition Create(
        string name,
        ModelShape shape,
        int classes,
        ModelOptions options,
        Func<MaskSource, torch.nn.Module<torch.Tensor, torch.Tensor>> build,
        InitialisationScheme scheme = InitialisationScheme.FanIn)
    {
        // A module tells its schema only once it is built.
        TorchRuntime.Initialise();
        using var sample = new FlatModule(build(new MaskSource()), statistics: options.Statistics, architecture: name);
        return new TorchDefinition(name, shape, classes, sample.Schema, build, options.Statistics, scheme);
    }

    public override ModelContent Initialise(ulong seed)
    {
        using FlatModule module = Build(new MaskSource(), torch.CPU);
        WeightInitialiser.Initialise(module.Module, seed, _scheme);
        return module.ToContent();
    }

    public override ModelCost MeasureCost()
    {
        using FlatModule module = Build(new MaskSource(), torch.CPU);
        return ForwardCost.Measure(module, [1, .. Shape.Dimensions.Select(length => (long)length)]);
    }

    public override ModelMask MaskBySynFlow(ModelContent initial, double density)
    {
        if (Shape.Kind == ModelShapeKind.Text)
        {
            return base.MaskBySynFlow(initial, density);
        }

        using DisposeScope scope = torch.NewDisposeScope();
        using torch.nn.Module<torch.Tensor, torch.Tensor> module = _build(new MaskSource());
        module.to(torch.ScalarType.Float64);
        module.eval();
        return new SynFlow(module, Schema, [1, .. Shape.Dimensions.Select(length => (long)length)]).MaskOf(initial.Parameters, density);
    }

    public override ModelWorker CreateWorker(string device = "cpu")
    {
        var masks = new MaskSource();
        FlatModule module = Build(masks, TorchRuntime.SelectDeviceOrCpu(device, out _));
        long[] inputShape = [.. Shape.Dimensions.Select(length => (long)length)];
        var objective = new TorchObjective(module, inputShape, Classes, Shape.LabelLength, masks);
        var solver = new TorchSolver(objective);
        return new ModelWorker(objective, solver, solver, objective);
    }

    private FlatModule Build(MaskSource masks, torch.Device device)
    {
        // Some layers leave temporary tensors behind when they are made.
        using DisposeScope scope = torch.NewDisposeScope();
        torch.nn.Module<torch.Tensor, torch.Tensor> module = _build(masks);
        foreach (torch.Tensor tensor in (IEnumerable<torch.Tensor>)[.. module.parameters(), .. module.buffers()])
        {
            tensor.DetachFromDisposeScope();
        }

        return new FlatModule(module, device, _statistics, Name);
    }
}
