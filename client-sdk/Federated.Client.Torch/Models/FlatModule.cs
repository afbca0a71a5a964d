using System.Collections.Immutable;
using Federated.Protocol.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Models;

/// <summary>
/// A TorchSharp module whose parameters, gradients, float buffers and integer buffers lie in four flat tensors. The module's own tensors are views of them, so that
/// loading, storing and updating a model are single operations.
/// </summary>
/// <remarks>
/// Tensors stand in the order of <c>named_parameters()</c> and <c>named_buffers()</c>. Do not move the module to another device or type afterwards: that would replace the views.
/// </remarks>
public sealed class FlatModule : IDisposable
{
    private readonly List<Tensor> _gradientViews = [];
    private bool? _training;

    /// <summary>Takes ownership of a module, moves it to the device and re-homes its tensors.</summary>
    /// <param name="module">Maps inputs to scores; parameters must be float32, buffers float32 or int64.</param>
    /// <param name="device">Where the tensors live; null means the CPU.</param>
    /// <param name="statistics">Whether the float buffers (batch-norm statistics) are aggregated or local to each device.</param>
    /// <param name="architecture">The name by which a device builds the module; may be empty.</param>
    /// <param name="trains">False for forward passes only: no memory is taken for gradients.</param>
    /// <exception cref="ArgumentException">A tensor has another type, or the module has no parameters.</exception>
    public FlatModule(
        nn.Module<Tensor, Tensor> module,
        Device? device = null,
        TensorScope statistics = TensorScope.Aggregated,
        string architecture = "",
        bool trains = true)
    {
        ArgumentNullException.ThrowIfNull(module);
        Module = module;
        Device = device ?? CPU;
        if (Device.type != DeviceType.CPU)
        {
            module.to(Device);
        }

        Schema = Describe(module, statistics, architecture);
        if (Schema.ParameterCount == 0)
        {
            throw new ArgumentException("The module has no parameters.", nameof(module));
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Parameters = Zeros(Schema.ParameterCount, ScalarType.Float32);
        Gradient = Zeros(trains ? Schema.ParameterCount : 0, ScalarType.Float32);
        Statistics = Zeros(Schema.StatisticCount, ScalarType.Float32);
        Counts = Zeros(Schema.CountCount, ScalarType.Int64);
        long offset = 0;
        foreach (var (_, parameter) in module.named_parameters())
        {
            Rehome(parameter, Parameters, offset);
            if (parameter.requires_grad && trains)
            {
                Tensor view = Gradient.narrow(0, offset, parameter.NumberOfElements).view(parameter.shape).DetachFromDisposeScope();
                parameter.grad = view;
                _gradientViews.Add(view);
            }

            offset += parameter.NumberOfElements;
        }

        RehomeBuffers(module, ScalarType.Float32, Statistics);
        RehomeBuffers(module, ScalarType.Int64, Counts);
    }

    /// <summary>The module; its tensors are views of the flat ones.</summary>
    public nn.Module<Tensor, Tensor> Module { get; }

    /// <summary>Where the tensors live.</summary>
    public Device Device { get; }

    /// <summary>Names, shapes and roles of the tensors.</summary>
    public ModelSchema Schema { get; }

    /// <summary>All parameters: float32, one dimension.</summary>
    public Tensor Parameters { get; }

    /// <summary>All gradients; <c>backward()</c> adds to it. Elements of frozen parameters stay zero. Empty for a module that makes forward passes only.</summary>
    public Tensor Gradient { get; }

    /// <summary>All float buffers.</summary>
    public Tensor Statistics { get; }

    /// <summary>All int64 buffers.</summary>
    public Tensor Counts { get; }

    /// <summary>Switches between training and evaluation mode; cheap when nothing changes.</summary>
    /// <param name="training">Whether dropout and batch statistics are on.</param>
    public void SetTraining(bool training)
    {
        if (_training != training)
        {
            Module.train(training);
            _training = training;
        }
    }

    /// <summary>Replaces all parameters.</summary>
    /// <param name="parameters">In schema order.</param>
    /// <exception cref="ArgumentException">The vector has the wrong length.</exception>
    public void LoadParameters(ReadOnlySpan<float> parameters) => FlatTensor.Load(Parameters, parameters, nameof(parameters));

    /// <summary>Copies out all parameters.</summary>
    /// <param name="parameters">In schema order.</param>
    /// <exception cref="ArgumentException">The vector has the wrong length.</exception>
    public void StoreParameters(Span<float> parameters) => FlatTensor.Store(Parameters, parameters, nameof(parameters));

    /// <summary>Copies the whole model.</summary>
    public ModelContent ToContent()
    {
        var content = ModelContent.Zeros(Schema);
        FlatTensor.Store<float>(Parameters, content.Parameters, nameof(Parameters));
        FlatTensor.Store<float>(Statistics, content.Statistics, nameof(Statistics));
        FlatTensor.Store<long>(Counts, content.Counts, nameof(Counts));
        return content;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Tensor view in _gradientViews)
        {
            view.Dispose();
        }

        // Modules dispose of their own tensors, but not all of those of the modules inside them.
        Tensor[] tensors = [.. Module.parameters(), .. Module.buffers()];
        Module.Dispose();
        foreach (Tensor tensor in tensors)
        {
            tensor.Dispose();
        }

        Parameters.Dispose();
        Gradient.Dispose();
        Statistics.Dispose();
        Counts.Dispose();
    }

    private static ModelSchema Describe(nn.Module module, TensorScope statistics, string architecture)
    {
        var tensors = new List<TensorSpec>();
        foreach (var (name, parameter) in module.named_parameters())
        {
            RequireType(name, parameter, ScalarType.Float32);
            tensors.Add(new TensorSpec(name, [.. parameter.shape], Trainable: parameter.requires_grad));
        }

        foreach (var (name, buffer) in module.named_buffers())
        {
            bool isCount = buffer.dtype == ScalarType.Int64;
            RequireType(name, buffer, isCount ? ScalarType.Int64 : ScalarType.Float32);
            ImmutableArray<long> shape = [.. buffer.shape];
            TensorPart part = isCount ? TensorPart.Count : TensorPart.Statistic;
            tensors.Add(new TensorSpec(name, shape, part, isCount ? TensorScope.Local : statistics, Trainable: false));
        }

        return new ModelSchema(tensors, architecture: architecture);
    }

    private static void RequireType(string name, Tensor tensor, ScalarType type)
    {
        if (tensor.dtype != type)
        {
            throw new ArgumentException($"Tensor '{name}' is {tensor.dtype}; parameters must be Float32, buffers Float32 or Int64.");
        }
    }

    private static void RehomeBuffers(nn.Module module, ScalarType type, Tensor flat)
    {
        long offset = 0;
        foreach (var (_, buffer) in module.named_buffers())
        {
            if (buffer.dtype == type)
            {
                Rehome(buffer, flat, offset);
                offset += buffer.NumberOfElements;
            }
        }
    }

    // set_ exchanges the storage under a tensor that others already hold, so it serves native modules (LSTM) too.
    private static void Rehome(Tensor tensor, Tensor flat, long offset)
    {
        Tensor view = flat.narrow(0, offset, tensor.NumberOfElements).view(tensor.shape);
        view.copy_(tensor);
        tensor.set_(view);
    }

    private Tensor Zeros(int length, ScalarType type) => zeros(length, dtype: type, device: Device).DetachFromDisposeScope();
}
