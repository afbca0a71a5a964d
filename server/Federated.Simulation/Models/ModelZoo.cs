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
        new("cnn-bn", "three 3×3 convolutions with batch norm of 16, 32 and 64 channels, one linear layer; 24,058 parameters at 28×28×1; cnn-bn:N begins with N channels", "statistics", HasWidths: true),
        new("resnet18", "ResNet-18 for small images (3×3 stem, no first pooling); 11,173,962 parameters at 32×32×3; resnet18:N begins with N channels instead of 64", "norm, statistics", HasWidths: true),
        new("vgg11", "VGG-11 with batch norm, the mean over the image and one linear layer; 9,228,362 parameters at 32×32×3; vgg11:N begins with N channels instead of 64", "statistics", HasWidths: true),
        new("charlstm", "character embedding, LSTM layers, one linear layer; predicts the next character at every position", "hidden, layers, embedding"),
    ];

    /// <summary>Fits a model to a data set.</summary>
    /// <param name="name">A name of <see cref="Descriptions"/>, with a width where the model has several.</param>
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
        (string family, int? width) = ModelName.Parse(name);
        return family switch
        {
            "logistic" => new LogisticDefinition(Numbers(name, shape), classes),
            "mlp" => TorchDefinition.Create(name, Numbers(name, shape), classes, options, masks => new Mlp(shape, classes, options, masks)),
            "lenet" => TorchDefinition.Create(name, Image(name, shape, 8), classes, options, _ => new LeNet(shape, classes)),
            "cnn" => TorchDefinition.Create(name, Image(name, shape, 4), classes, options, masks => new SmallCnn(shape, classes, options, masks)),
            "cnn-bn" => TorchDefinition.Create(
                name, Image(name, shape, 8), classes, options, _ => new NormalisedCnn(shape, classes, width ?? 16), InitialisationScheme.KaimingNormal),
            "resnet18" => TorchDefinition.Create(
                name, Image(name, shape, 16), classes, options, _ => new ResNet18(shape, classes, options.Norm, width ?? 64), InitialisationScheme.KaimingNormal),
            "vgg11" => TorchDefinition.Create(
                name, Image(name, shape, 32), classes, options, _ => new Vgg11(shape, classes, width ?? 64), InitialisationScheme.KaimingNormal),
            _ => TorchDefinition.Create(name, Text(name, shape), classes, options, _ => new CharLstm(shape, classes, options)),
        };
    }

    /// <summary>What is wrong with a name; null when there is such a model.</summary>
    /// <param name="name">What <see cref="Create"/> would be given.</param>
    public static string? Fault(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            ModelName.Parse(name);
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message.Split(" (Parameter", StringSplitOptions.None)[0];
        }
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
