using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Simulation.Models;
using Federated.UnitTests.Training;
using TorchSharp;

namespace Federated.UnitTests.Models;

public class ModelZooTests
{
    private static readonly ModelShape Mnist = ModelShape.Image(1, 28, 28);
    private static readonly ModelShape Digits = ModelShape.Image(1, 8, 8);
    private static readonly ModelShape Cifar = ModelShape.Image(3, 32, 32);

    public static TheoryData<string, ModelShape, int, int> Counts() => new()
    {
        { "logistic", Mnist, 10, 7_850 },
        { "logistic", ModelShape.Flat(100), 10, 1_010 },
        { "logistic", ModelShape.Flat(13), 2, 14 },
        { "mlp", Mnist, 10, 199_210 },
        { "lenet", Mnist, 10, 44_426 },
        { "lenet", Cifar, 10, 62_006 },
        { "lenet", Digits, 10, 21_386 },
        { "cnn", Mnist, 10, 28_938 },
        { "cnn", Digits, 10, 14_538 },
        { "cnn", Cifar, 10, 34_538 },
        { "cnn-bn", Mnist, 10, 24_058 },
        { "cnn-bn:8", Cifar, 10, 6_418 },
        { "resnet18", Cifar, 10, 11_173_962 },
        { "resnet18:16", Mnist, 10, 701_178 },
        { "vgg11", Cifar, 10, 9_228_362 },
        { "vgg11:8", Cifar, 10, 145_554 },
        { "charlstm", ModelShape.Text(80, 65), 65, 211_657 },
    };

    [Theory]
    [MemberData(nameof(Counts))]
    public void Create_KnownModel_HasTheStatedNumberOfParameters(string name, ModelShape shape, int classes, int expected)
    {
        ModelDefinition model = ModelZoo.Create(name, shape, classes);

        Assert.Equal(expected, model.Schema.ParameterCount);
        Assert.Equal(name, model.Schema.Architecture);
    }

    public static TheoryData<string, ModelShape, int> Trainable() => new()
    {
        { "logistic", Digits, 10 },
        { "mlp", ModelShape.Flat(13), 2 },
        { "lenet", Digits, 10 },
        { "lenet", Cifar, 10 },
        { "cnn", Digits, 10 },
        { "cnn", Mnist, 10 },
        { "cnn-bn", Digits, 10 },
        { "resnet18", ModelShape.Image(1, 16, 16), 4 },
        { "resnet18:8", ModelShape.Image(1, 16, 16), 4 },
        { "vgg11:8", Cifar, 10 },
        { "charlstm", ModelShape.Text(12, 20), 20 },
    };

    [Theory]
    [MemberData(nameof(Trainable))]
    public void Solve_FewSteps_LowersTheLossAndRepeatsBitByBit(string name, ModelShape shape, int classes)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ModelDefinition definition = ModelZoo.Create(name, shape, classes, new ModelOptions { Norm = NormKind.Group });
        ModelContent initial = definition.Initialise(3);
        ExampleSet examples = CreateExamples(shape, classes);
        var plan = new LocalSgdPlan { Steps = 3, LearningRate = 0.01, Momentum = 0.5 };

        (float[] Local, double Before, double After) Train()
        {
            using ModelWorker worker = definition.CreateWorker();
            worker.Objective.Select(examples, SampleExamples.Range(8));
            worker.Objective.LoadStatistics(initial.Statistics, initial.Counts);
            double before = worker.Objective.Evaluate(initial.Parameters, TestContext.Current.CancellationToken).MeanLoss;
            float[] local = new float[initial.Parameters.Length];
            worker.Solver.Solve(plan, new TrainingKey(1, 2, 3), initial.Parameters, [], local, TestContext.Current.CancellationToken);
            return (local, before, worker.Objective.Evaluate(local, TestContext.Current.CancellationToken).MeanLoss);
        }

        var first = Train();
        var second = Train();

        Assert.True(first.After < first.Before, $"loss {first.Before} became {first.After}");
        Assert.Equal(first.Local, second.Local);
    }

    [Theory]
    [MemberData(nameof(Trainable))]
    public void Dispose_Worker_LeavesNoTensorBehind(string name, ModelShape shape, int classes)
    {
        ModelDefinition definition = ModelZoo.Create(name, shape, classes);
        definition.CreateWorker().Dispose();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        definition.CreateWorker().Dispose();

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData("lenet")]
    [InlineData("cnn")]
    public void Initialise_SameSeed_GivesTheSameModel(string name)
    {
        ModelDefinition definition = ModelZoo.Create(name, Digits, 10);

        ModelContent model = definition.Initialise(3);

        Assert.Equal(model.Parameters, definition.Initialise(3).Parameters);
        Assert.NotEqual(model.Parameters, definition.Initialise(4).Parameters);
    }

    [Fact]
    public void Create_ResNetNorms_DifferOnlyInStatistics()
    {
        ModelSchema batch = ModelZoo.Create("resnet18", Cifar, 10).Schema;
        ModelSchema local = ModelZoo.Create("resnet18", Cifar, 10, new ModelOptions { Statistics = TensorScope.Local }).Schema;
        ModelSchema group = ModelZoo.Create("resnet18", Cifar, 10, new ModelOptions { Norm = NormKind.Group }).Schema;

        Assert.Equal((9_600, 20), (batch.StatisticCount, batch.CountCount));
        Assert.True(batch.AggregatesStatistics);
        Assert.False(local.AggregatesStatistics);
        Assert.Equal((batch.ParameterCount, 0, 0), (group.ParameterCount, group.StatisticCount, group.CountCount));
    }

    [Theory]
    [InlineData("resnet18", "images of at least 16×16")]
    [InlineData("charlstm", "texts")]
    public void Create_DataDoesNotFit_SaysWhatTheModelTakes(string name, string takes)
    {
        var error = Assert.Throws<ArgumentException>(() => ModelZoo.Create(name, Digits, 10));

        Assert.Contains(takes, error.Message, StringComparison.Ordinal);
        Assert.Contains("1×8×8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_UnknownName_ListsTheZoo()
    {
        var error = Assert.Throws<ArgumentException>(() => ModelZoo.Create("vgg", Digits, 10));

        Assert.All(ModelZoo.Descriptions, model => Assert.Contains(model.Name, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("resnet18:0")]
    [InlineData("resnet18:2000")]
    [InlineData("resnet18:wide")]
    [InlineData("lenet:16")]
    public void Fault_WidthThatTheModelHasNot_NamesTheModel(string name)
    {
        Assert.Contains($"'{name}'", ModelZoo.Fault(name), StringComparison.Ordinal);
        Assert.Null(ModelZoo.Fault("resnet18:16"));
        Assert.Null(ModelZoo.Fault("lenet"));
    }

    [Theory]
    [InlineData("norm", "layer")]
    [InlineData("hidden", "0")]
    [InlineData("dropout", "1")]
    [InlineData("depth", "3")]
    public void Parse_BadOption_Throws(string name, string value)
    {
        var error = Assert.Throws<ArgumentException>(() => ModelOptions.Parse(new Dictionary<string, string> { [name] = value }));

        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_GoodOptions_AreRead()
    {
        ModelOptions options = ModelOptions.Parse(new Dictionary<string, string> { ["norm"] = "group", ["statistics"] = "local", ["hidden"] = "64" });

        Assert.Equal(new ModelOptions { Norm = NormKind.Group, Statistics = TensorScope.Local, Hidden = 64 }, options);
    }

    private static ExampleSet CreateExamples(ModelShape shape, int classes)
    {
        if (shape.Kind != ModelShapeKind.Text)
        {
            return SampleExamples.Create(8, shape.FeatureLength, classes);
        }

        int[] tokens = [.. Enumerable.Range(0, (8 * shape.LabelLength) + 1).Select(i => i * i % classes)];
        return new ExampleSet(
            tokens[..^1].Select(token => (float)token).ToArray(), shape.FeatureLength, tokens.AsMemory(1), shape.LabelLength);
    }
}
