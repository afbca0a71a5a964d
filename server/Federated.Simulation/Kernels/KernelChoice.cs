using Federated.Client.Sparse;
using Federated.Client.Torch;
using Federated.Protocol.Pruning;
using Federated.Simulation.Costs;
using Federated.Simulation.Engine;
using Federated.Simulation.Models;
using TorchSharp;

namespace Federated.Simulation.Kernels;

/// <summary>Decides under each mask which kernels run the model. What it decides depends on setting, model and mask alone, so that a seed fixes a simulation bit for bit.</summary>
internal sealed class KernelChoice
{
    private readonly ModelDefinition _model;
    private readonly SparseArchitecture? _architecture;
    private readonly ModelCost? _cost;
    private readonly double _most;
    private volatile Verdict? _last;

    private KernelChoice(ModelDefinition model, SparseArchitecture? architecture, ModelCost? cost, double most)
    {
        _model = model;
        _architecture = architecture;
        _cost = cost;
        _most = most;
    }

    /// <summary>The choice for a simulation.</summary>
    /// <exception cref="SimulationException">Sparse kernels are asked for, and the model or the device has none.</exception>
    public static KernelChoice Of(SimulationRequest request, ModelDefinition model)
    {
        var dense = new KernelChoice(model, null, null, 0);
        if (request.Kernels == KernelSetting.Dense || !request.Job.Pruning.IsActive)
        {
            return dense;
        }

        if (Fault(request, model, out SparseArchitecture? architecture) is { } fault)
        {
            return request.Kernels == KernelSetting.Auto ? dense : throw new SimulationException($"kernels sparse: {fault}");
        }

        ModelCost cost = model.MeasureCost();
        return new KernelChoice(model, architecture, cost, request.Kernels == KernelSetting.Sparse ? 1 : BreakEven.ShareFor(cost.Macs));
    }

    /// <summary>Whether the sparse runtime runs the model under a mask; never a dense model.</summary>
    public bool IsSparse(ModelMask? mask)
    {
        if (_architecture is null || mask is null || mask.ActiveCount == mask.PrunableCount)
        {
            return false;
        }

        // All clients of a round ask about the same mask.
        if (_last is not { } last || !ReferenceEquals(last.Mask, mask))
        {
            double macs = Enumerable.Range(0, mask.Layers.Length).Sum(l => (double)mask.CountOf(l) * _cost!.Layers[l].Positions);
            last = new Verdict(mask, macs <= _most * _cost!.Macs);
            _last = last;
        }

        return last.IsSparse;
    }

    /// <summary>The name of what runs the model under a mask; null for a dense model.</summary>
    public string? NameFor(ModelMask? mask) => mask is null ? null : IsSparse(mask) ? "sparse" : "dense";

    /// <summary>The sparse runtime's instance for one worker thread.</summary>
    public MaskedSparseObjective CreateObjective() => new(_architecture!, _model.Schema);

    private static string? Fault(SimulationRequest request, ModelDefinition model, out SparseArchitecture? architecture)
    {
        architecture = null;
        if (TorchRuntime.SelectDeviceOrCpu(request.Device, out _).type != DeviceType.CPU)
        {
            return $"they run on the CPU, not on {request.Device}.";
        }

        if (model.Shape.Kind == ModelShapeKind.Text || model is LogisticDefinition)
        {
            return $"model '{model.Name}' has none.";
        }

        if (request.ModelOptions.Dropout > 0)
        {
            return $"they have no dropout; the model has {request.ModelOptions.Dropout}.";
        }

        try
        {
            architecture = ZooArchitecture.Of(model.Schema, [.. model.Shape.Dimensions]);
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message;
        }
    }

    private sealed record Verdict(ModelMask Mask, bool IsSparse);
}
