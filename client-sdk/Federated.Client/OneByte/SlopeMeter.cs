using Federated.Client.Training;
using Federated.Numerics;
using Federated.Numerics.SharedRandomness;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.Client.OneByte;

/// <summary>
/// Measures slopes of a loss along a machine's shared directions, by two forward passes each: g = (L(θ + εz) − L(θ − εz)) / 2ε. Both passes see the same batch and no
/// dropout. It holds two copies of the parameters and nothing of what training needs. Serves one thread at a time.
/// </summary>
public sealed class SlopeMeter
{
    private readonly OneByteManifest _manifest;
    private readonly OneByteCode _code;
    private readonly double _span;
    private readonly float[] _plus;
    private readonly float[] _minus;
    private readonly float[] _parameters;

    /// <summary>A meter for one run.</summary>
    /// <param name="settings">The run.</param>
    /// <param name="manifest">The tensors that move.</param>
    /// <param name="parameters">All parameters of the initial model; of these the frozen ones stay as they are.</param>
    public SlopeMeter(OneByteSettings settings, OneByteManifest manifest, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(manifest);
        _manifest = manifest;
        _code = new OneByteCode(settings.LevelsPerOctave, settings.Bias);
        _span = Math.ScaleB(2, settings.EpsilonExponent);
        _plus = new float[manifest.Elements];
        _minus = new float[manifest.Elements];
        _parameters = manifest.IsWhole ? [] : parameters.ToArray();
    }

    /// <summary>Measures one round's slopes at a machine's weights.</summary>
    /// <param name="machine">Holds the weights and the round; nothing of it changes.</param>
    /// <param name="number">The number by which the run knows the machine; its directions follow from it.</param>
    /// <param name="objective">Holds the device's examples.</param>
    /// <param name="seed">Decides the batches.</param>
    /// <param name="batchSize">Examples of a batch; 0 for all.</param>
    /// <param name="codes">Overwritten with one code for each direction; S · P.</param>
    /// <param name="stop">Ends the work between two passes.</param>
    /// <exception cref="ArgumentException">The objective has no examples, or another model.</exception>
    public SlopeFigures Measure(
        OneByteMachine machine, uint number, IObjective objective, ulong seed, int batchSize, Span<byte> codes, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(objective);
        OneByteSettings settings = machine.Settings;
        int examples = objective.ExampleCount;
        if (examples == 0 || objective.ParameterCount != (_manifest.IsWhole ? _manifest.Elements : _parameters.Length))
        {
            throw new ArgumentException($"The objective has {examples} examples and {objective.ParameterCount} parameters; the run's model has {_manifest.Elements} that move.", nameof(objective));
        }

        int size = batchSize == 0 ? examples : Math.Min(batchSize, examples);
        int zero = 0, saturated = 0, invalid = 0;
        double loss = 0;
        for (int sample = 0; sample < settings.Samples; sample++)
        {
            int[] batch = Batch(seed, number, machine.Round, sample, examples, size);
            for (int direction = 0; direction < settings.Directions; direction++)
            {
                stop.ThrowIfCancellationRequested();
                machine.Perturb(number, sample, direction, _plus, _minus);
                double plus = Loss(objective, _plus, batch), minus = Loss(objective, _minus, batch);
                double slope = (plus - minus) / _span;
                byte code = _code.Encode(slope);
                codes[(sample * settings.Directions) + direction] = code;
                loss += plus + minus;
                zero += code == OneByteCode.Zero ? 1 : 0;
                invalid += code == OneByteCode.Invalid ? 1 : 0;
                saturated += code != OneByteCode.Invalid && _code.Saturates(slope) ? 1 : 0;
            }
        }

        int passes = 2 * settings.BytesPerMachine;
        return new SlopeFigures(loss / passes, passes, size * settings.Samples, zero, saturated, invalid);
    }

    /// <summary>The parameters of the model at a machine's weights.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="model">Overwritten, but for the frozen parameters.</param>
    public void CopyTo(OneByteMachine machine, ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(model);
        machine.CopyTo(_plus);
        _manifest.Scatter(_plus, model.Parameters);
    }

    private static int[] Batch(ulong seed, uint machine, uint round, int sample, int examples, int size) => size == examples
        ? [.. Enumerable.Range(0, examples)]
        : new TrainingKey(seed, machine, round).Random(RandomPurpose.Batches, (uint)sample).Choose(examples, size);

    private double Loss(IObjective objective, float[] weights, int[] batch)
    {
        if (_manifest.IsWhole)
        {
            return objective.Loss(weights, batch);
        }

        _manifest.Scatter(weights, _parameters);
        return objective.Loss(_parameters, batch);
    }
}
