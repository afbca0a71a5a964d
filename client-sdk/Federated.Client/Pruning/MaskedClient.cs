using System.Buffers;
using System.Numerics.Tensors;
using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Client.Pruning;

/// <summary>
/// A client half on a masked model: gradients are masked while it works, what it sends is packed, and where the task asks for them the largest gradients of some layers follow.
/// </summary>
public sealed class MaskedClient : IClientAlgorithm
{
    private readonly IClientAlgorithm _inner;
    private readonly ModelMask _mask;

    /// <summary>Puts a client half under the mask of a model version.</summary>
    /// <param name="inner">The client half.</param>
    /// <param name="mask">The model's mask.</param>
    public MaskedClient(IClientAlgorithm inner, ModelMask mask)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(mask);
        _inner = inner;
        _mask = mask;
    }

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role)
    {
        ArgumentNullException.ThrowIfNull(settings);
        IReadOnlyList<SectionSpec> dense = _inner.Sections(schema, settings, role);
        IEnumerable<SectionSpec> packed = dense.Select(section => PackedVectors.Under(section, _mask));
        return AsksForGradients(settings) && dense.Any(section => section.Role == SectionRole.Delta)
            ? [.. packed, TopGradients.Section(_mask, LayerTopK.DemandOf(settings.Gradients), settings.Gradients.HalfValues)]
            : [.. packed];
    }

    /// <inheritdoc/>
    public int StateLength(ModelSchema schema, LocalTraining settings) => _inner.StateLength(schema, settings);

    /// <inheritdoc/>
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        IObjective objective = solver.Objective;
        IReadOnlyList<SectionSpec> sections = _inner.Sections(task.Schema, task.Settings, task.Role);
        byte[] rented = ArrayPool<byte>.Shared.Rent(ClientUpdate.PayloadLength(sections));
        try
        {
            var dense = new ClientUpdate(sections, rented, update.NextState);
            var masked = MaskedSolver.Under(solver, _mask, keepsLocal: update.Has(SectionRole.TopK));
            ClientOutcome outcome = _inner.Run(Under(task), masked, dense, stop);
            (update.Weight, update.Steps, update.Gradients, update.TrainingLoss) = (dense.Weight, dense.Steps, dense.Gradients, dense.TrainingLoss);
            if (!outcome.IsUsable())
            {
                return outcome;
            }

            Pack(dense, update);
            return update.Has(SectionRole.TopK) && !TryAddGradients(task, objective, masked, dense, update) ? ClientOutcome.Diverged : outcome;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <inheritdoc/>
    public int StateVectors(ModelSchema schema, LocalTraining settings) => _inner.StateVectors(schema, settings);

    /// <summary>The task as of a dense model: vectors that were sent along are unpacked, and those that the client has saved follow the mask.</summary>
    private ClientTask Under(ClientTask task) => task with
    {
        DownSections = task.DownSections.ToDictionary(
            section => section.Key,
            section => section.Key is SectionRole.Gradient or SectionRole.Control && section.Value.Length == _mask.PackedCount ? Unpacked(section.Value.Span) : section.Value),
        State = task.State.IsEmpty || _inner.StateVectors(task.Schema, task.Settings) == 0 ? task.State : Carried(task),
    };

    private float[] Carried(ClientTask task)
    {
        float[] state = task.State.ToArray();
        float[] packed = new float[_mask.PackedCount];
        int[] regrown = PackedIndices.Read(task.Settings.Regrown.Span, packed.Length);
        for (int v = 0; v < _inner.StateVectors(task.Schema, task.Settings); v++)
        {
            Span<float> vector = state.AsSpan(v * _mask.ParameterCount, _mask.ParameterCount);
            _mask.Pack(vector, packed);
            foreach (int index in regrown)
            {
                packed[index] = 0;
            }

            _mask.Unpack(packed, vector);
        }

        return state;
    }

    private ReadOnlyMemory<float> Unpacked(ReadOnlySpan<float> packed)
    {
        float[] vector = new float[_mask.ParameterCount];
        _mask.Unpack(packed, vector);
        return vector;
    }

    private void Pack(ClientUpdate dense, ClientUpdate update)
    {
        ReadOnlySpan<byte> from = dense.Payload.Span;
        Span<byte> to = update.Payload.Span;
        foreach (SectionSpec section in dense.Sections)
        {
            int bytes = (int)SectionSpecs.DenseBytes(section);
            if (PackedVectors.Packs(section, _mask.ParameterCount))
            {
                _mask.Pack(dense.Floats(section.Role), update.Floats(section.Role));
                to = to[(_mask.PackedCount * sizeof(float))..];
            }
            else
            {
                from[..bytes].CopyTo(to);
                to = to[bytes..];
            }

            from = from[bytes..];
        }
    }

    /// <summary>The gradients are those at the local parameters, where the device stands after its steps, unless the task asks for those at the parameters that it began with.</summary>
    private bool TryAddGradients(ClientTask task, IObjective objective, MaskedSolver solver, ClientUpdate dense, ClientUpdate update)
    {
        Span<float> local = dense.Floats(SectionRole.Delta);
        if (!solver.TryGetLocal(local))
        {
            TensorPrimitives.Add(local, task.Parameters.Span, local);
        }

        ReadOnlySpan<float> place = task.Settings.Gradients.AtStart ? task.Parameters.Span : local;
        int length = new LayerTopK(_mask, task.Settings.Gradients).Write(objective, task.Key, place, update.Frame(SectionRole.TopK));
        update.EndFrame(SectionRole.TopK, length);
        return length > 0;
    }

    private static bool AsksForGradients(LocalTraining settings) => settings.Gradients is { Layers.Count: > 0 };
}
