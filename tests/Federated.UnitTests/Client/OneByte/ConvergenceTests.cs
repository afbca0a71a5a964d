using System.Numerics.Tensors;
using Federated.Client.OneByte;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Numerics.SharedRandomness;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Client.OneByte;

/// <summary>Four machines with skewed labels train a 16-32-4 tanh network of 676 weights on four Gaussian classes: one byte does what a float does.</summary>
public sealed class ConvergenceTests
{
    private const int Inputs = 16, Hidden = 32, Classes = 4, Machines = 4, Rounds = 400, Probes = 4;

    private const double Rate = 0.04;

    private static readonly ModelSchema Schema = new([new("w1", [Hidden, Inputs]), new("b1", [Hidden]), new("w2", [Classes, Hidden]), new("b2", [Classes])]);

    [Fact]
    public void Run_OneByteAgainstFloats_AccuracyWithinOnePoint()
    {
        double bytes = Train(quantised: true), floats = Train(quantised: false);

        Assert.True(bytes > 0.85, $"accuracy {bytes:0.000}");
        Assert.True(Math.Abs(bytes - floats) <= 0.01, $"bytes {bytes:0.000}, floats {floats:0.000}");
    }

    private static double Train(bool quantised)
    {
        var manifest = new OneByteManifest(Schema);
        float[] first = new float[Schema.ParameterCount];
        var random = new CounterRandom(5, RandomPurpose.Test, 1);
        for (int i = 0; i < first.Length; i++)
        {
            first[i] = (float)(0.25 * random.NextGaussian());
        }

        var settings = new OneByteSettings(new byte[16], new byte[32], new byte[32], (long)Math.Round(Rate * Math.Pow(2, 40))) { Directions = Probes, EpsilonExponent = -9 };
        OneByteMachine machine = OneByteMachine.Start(OneByteMachine.Seal(settings, manifest, first), manifest, first);
        var meter = new SlopeMeter(machine.Settings, manifest, first);
        Network[] owners = [.. Enumerable.Range(0, Machines).Select(m => new Network(Data((uint)(10 + m), 400, m)))];
        float[] weights = [.. first], plus = new float[first.Length], minus = new float[first.Length];
        byte[] codes = new byte[Probes];
        for (uint t = 0; t < Rounds; t++)
        {
            if (quantised)
            {
                var sequencer = new OneByteSequencer(machine);
                for (uint m = 0; m < Machines; m++)
                {
                    meter.Measure(machine, m, owners[m], seed: 9, batchSize: 32, codes);
                    sequencer.Offer(new GradientBytes(t, m, machine.Previous, codes.ToArray()));
                }

                sequencer.Commit(sequencer.Propose());
                continue;
            }

            float[] next = [.. weights];
            sbyte[] z = new sbyte[first.Length];
            for (uint m = 0; m < Machines; m++)
            {
                int[] batch = new TrainingKey(9, m, t).Random(RandomPurpose.Batches, 0).Choose(400, 32);
                for (int p = 0; p < Probes; p++)
                {
                    var key = DirectionKey.OfRun(new byte[16]);
                    uint block = 0;
                    int start = 0;
                    foreach (int elements in manifest.Tensors)
                    {
                        SharedDirection.Fill(NoiseKind.Rademacher, new DirectionKey(key.Key0, key.Key1, t, m, 0, (uint)p), block, z.AsSpan(start, elements));
                        block += SharedDirection.BlocksOf(NoiseKind.Rademacher, elements);
                        start += elements;
                    }

                    for (int i = 0; i < z.Length; i++)
                    {
                        plus[i] = weights[i] + (z[i] / 512f);
                        minus[i] = weights[i] - (z[i] / 512f);
                    }

                    float step = (float)(Rate / (Machines * Probes) * (owners[m].Loss(plus, batch) - owners[m].Loss(minus, batch)) * 256);
                    for (int i = 0; i < z.Length; i++)
                    {
                        next[i] -= step * z[i];
                    }
                }
            }

            weights = next;
        }

        if (quantised)
        {
            machine.CopyTo(weights);
        }

        return new Network(Data(99, 2000, owner: -1)).Evaluate(weights).Accuracy;
    }

    /// <summary>Points around four centres; a machine has mostly the class of its number.</summary>
    private static (float[][] Points, int[] Labels) Data(uint stream, int count, int owner)
    {
        var centres = new CounterRandom(3, RandomPurpose.Test, 2);
        float[][] middle = [.. Enumerable.Range(0, Classes).Select(_ => Enumerable.Range(0, Inputs).Select(_ => (float)(0.9 * centres.NextGaussian())).ToArray())];
        var random = new CounterRandom(4, RandomPurpose.Test, stream);
        int[] labels = [.. Enumerable.Range(0, count).Select(_ => owner >= 0 && random.NextDouble() < 0.6 ? owner : random.NextInt(Classes))];
        return ([.. labels.Select(label => middle[label].Select(x => (float)(x + random.NextGaussian())).ToArray())], labels);
    }

    private sealed class Network((float[][] Points, int[] Labels) data) : IObjective
    {
        private readonly float[] _hidden = new float[Hidden];
        private readonly double[] _scores = new double[Classes];

        public int ParameterCount => Schema.ParameterCount;

        public int ExampleCount => data.Labels.Length;

        public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => throw new InvalidOperationException();

        public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
        {
            double loss = 0;
            foreach (int row in batch)
            {
                Score(parameters, row);
                double sum = 0;
                foreach (double score in _scores)
                {
                    sum += Math.Exp(score);
                }

                loss += Math.Log(sum) - _scores[data.Labels[row]];
            }

            return loss / batch.Length;
        }

        public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
        {
            int right = 0;
            for (int row = 0; row < ExampleCount; row++)
            {
                Score(parameters, row);
                right += Array.IndexOf(_scores, _scores.Max()) == data.Labels[row] ? 1 : 0;
            }

            return new Evaluation(0, right, ExampleCount);
        }

        private void Score(ReadOnlySpan<float> parameters, int row)
        {
            ReadOnlySpan<float> point = data.Points[row];
            for (int h = 0; h < Hidden; h++)
            {
                _hidden[h] = parameters[(Hidden * Inputs) + h] + TensorPrimitives.Dot(parameters.Slice(h * Inputs, Inputs), point);
            }

            TensorPrimitives.Tanh(_hidden, _hidden);
            ReadOnlySpan<float> output = parameters[((Hidden * Inputs) + Hidden)..];
            for (int c = 0; c < Classes; c++)
            {
                _scores[c] = output[(Classes * Hidden) + c] + TensorPrimitives.Dot<float>(output.Slice(c * Hidden, Hidden), _hidden);
            }
        }
    }
}
