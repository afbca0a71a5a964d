using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using Federated.Protocol.Models;
using Federated.Simulation.Models;
using Federated.Simulation.Models.Networks;
using static TorchSharp.torch;

namespace Federated.UnitTests.Sparse;

/// <summary>A model of the zoo with drawn weights and statistics, and what libtorch makes of an input: the reference for exports.</summary>
internal sealed record ZooModel(ModelContent Content, int[] Input, int Classes)
{
    public int InputLength => Input.Aggregate(1, (product, length) => product * length);

    /// <summary>Draws a model; the density is the share of the elements of weights that are not zero.</summary>
    public static ZooModel Create(string name, int[] input, int classes, double density = 1, int seed = 1)
    {
        ModelShape shape = input.Length == 1 ? ModelShape.Flat(input[0]) : ModelShape.Image(input[0], input[1], input[2]);
        ModelSchema schema = ModelZoo.Create(name, shape, classes).Schema;
        var content = ModelContent.Zeros(schema);
        var draws = new Draws(seed);
        int at = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            float scale = tensor.Shape.Length < 2 ? 0.5f : MathF.Sqrt(2f * tensor.Shape[0] / (tensor.ElementCount * (float)density));
            bool norm = tensor.Shape.Length == 1 && tensor.Name.Contains("norm", StringComparison.Ordinal) && tensor.Name.EndsWith("weight", StringComparison.Ordinal);
            for (int i = 0; i < tensor.ElementCount; i++, at++)
            {
                bool kept = tensor.Shape.Length < 2 || draws.Next() < density;
                content.Parameters[at] = kept ? (norm ? 1 : 0) + (scale * (float)((2 * draws.Next()) - 1)) : 0;
            }
        }

        at = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Statistic))
        {
            bool variance = tensor.Name.EndsWith("running_var", StringComparison.Ordinal);
            for (int i = 0; i < tensor.ElementCount; i++, at++)
            {
                content.Statistics[at] = variance ? 0.5f + (float)draws.Next() : (float)draws.Next() - 0.5f;
            }
        }

        return new ZooModel(content, input, classes);
    }

    public float[] DrawInputs(int count, int seed = 7)
    {
        var draws = new Draws(seed);
        return [.. Enumerable.Range(0, count * InputLength).Select(_ => (float)((2 * draws.Next()) - 1))];
    }

    /// <summary>Scores [count × outputs] of libtorch.</summary>
    public float[] Scores(float[] inputs, int count)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Tensor batch = tensor(inputs).reshape([count, .. Input.Select(length => (long)length)]);
        if (Content.Schema.Architecture == LinearModel.Architecture)
        {
            (int features, int outputs) = LinearModel.SizeOf(Content.Schema);
            return nn.functional.linear(
                batch.flatten(1), tensor(Content.Floats("weight").ToArray()).reshape(outputs, features), tensor(Content.Floats("bias").ToArray())).data<float>().ToArray();
        }

        ModelShape shape = Input.Length == 1 ? ModelShape.Flat(Input[0]) : ModelShape.Image(Input[0], Input[1], Input[2]);
        using var module = new FlatModule(Build(shape), architecture: Content.Schema.Architecture);
        module.LoadParameters(Content.Parameters);
        if (Content.Statistics.Length > 0)
        {
            module.Statistics.copy_(tensor(Content.Statistics));
        }

        module.SetTraining(false);
        return module.Module.call(batch).data<float>().ToArray();
    }

    private nn.Module<Tensor, Tensor> Build(ModelShape shape) => Content.Schema.Architecture switch
    {
        "mlp" => new Mlp(shape, Classes, new ModelOptions(), new MaskSource()),
        "lenet" => new LeNet(shape, Classes),
        "cnn" => new SmallCnn(shape, Classes, new ModelOptions(), new MaskSource()),
        "cnn-bn:8" => new NormalisedCnn(shape, Classes, 8),
        "vgg11:8" => new Vgg11(shape, Classes, 8),
        "resnet18:8" => new ResNet18(shape, Classes, NormKind.Batch, 8),
        string name => throw new ArgumentException($"No reference for '{name}'."),
    };

    /// <summary>Uniform numbers of [0, 1), the same on every machine.</summary>
    private sealed class Draws(int seed)
    {
        private ulong _state = (ulong)seed;

        // SplitMix64.
        public double Next()
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
