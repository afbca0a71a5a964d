using Federated.Client.Torch.Models;
using Federated.Simulation.Models.Networks;

namespace Federated.Simulation.Models;

/// <summary>The models that a simulation can train, by name.</summary>
public static class ModelZoo
{
    /// <summary>What there is, in the order of size.</summary>
    public static IReadOnlyList<ModelDescription> Descriptions { get; } =
    [
        new("logistic", "softmax regression with bias (one logistic output for two classes), without libtorch; starts from zeros", ""),
        new("mlp", "multi-layer perceptron, ReLU; 199,210 parameters at 28×28 with the defaults (the 2NN of McMahan et al. 2017)", "hidden, layers, dropout"),
        new("lenet", "LeNet-5 with ReLU, 6 and 16 channels, 120 and 84 units; 44,426 parameters at 28×28×1", ""),
        new("cnn", "two 5×5 convolutions of 16 and 32 channels, one linear layer; 28,938 parameters at 28×28×1", "dropout"),
        new("resnet18", "ResNet-18 for small images (3×3 stem, no first pooling); 11,173,962 parameters at 32×32×3", "norm, statistics"),
        new("charlstm", "character embedding, LSTM layers, one linear layer; predicts the next character at every position", "hidden, layers, embedding"),
    ];

    /// <summary>Fits a model to a data set.</summary>
    /// <param name="name">A name of <see cref="Descriptions"/>.</param>
    /// <param name="shape">The examples.</param>
    /// <param name="classes">Number of classes; the vocabulary for texts.</param>
    /// <param name="options">Choices inside the model; null for the defaults.</param>
    /// <exception cref="ArgumentException">The name is unknown, or the model cannot take such examples; the message says which.</exception>
    public static ModelDefinition Create(string name, ModelShape shape, int classes, ModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        options ??= new ModelOptions();
        return name switch
        {
            "logistic" => new LogisticDefinition(Numbers(name, shape), classes),
            "mlp" => TorchDefinition.Create(name, Numbers(name, shape), classes, options, masks => new Mlp(shape, classes, options, masks)),
            "lenet" => TorchDefinition.Create(name, Image(name, shape, 8), classes, options, _ => new LeNet(shape, classes)),
            "cnn" => TorchDefinition.Create(name, Image(name, shape, 4), classes, options, masks => new SmallCnn(shape, classes, options, masks)),
            "resnet18" => TorchDefinition.Create(
                name, Image(name, shape, 16), classes, options, _ => new ResNet18(shape, classes, options.Norm), InitialisationScheme.KaimingNormal),
            "charlstm" => TorchDefinition.Create(name, Text(name, shape), classes, options, _ => new CharLstm(shape, classes, options)),
            _ => throw new ArgumentException(
                $"There is no model '{name}'; there are {string.Join(", ", Descriptions.Select(model => model.Name))}.", nameof(name)),
        };
    }

    private static ModelShape Numbers(string name, ModelShape shape) =>
        shape.Kind != ModelShapeKind.Text ? shape : throw Unfit(name, "features or images", shape);

    private static ModelShape Image(string name, ModelShape shape, int side) =>
        shape.Kind == ModelShapeKind.Image && shape.Dimensions[1] >= side && shape.Dimensions[2] >= side
            ? shape
            : throw Unfit(name, $"images of at least {side}×{side}", shape);

    private static ModelShape Text(string name, ModelShape shape) =>
        shape.Kind == ModelShapeKind.Text ? shape : throw Unfit(name, "texts", shape);

    private static ArgumentException Unfit(string name, string takes, ModelShape shape) =>
        new($"Model '{name}' takes {takes}; the data set has {shape}.", nameof(shape));
}
