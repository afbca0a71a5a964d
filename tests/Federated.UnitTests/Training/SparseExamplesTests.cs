using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;

namespace Federated.UnitTests.Training;

/// <summary>Softmax regression over sparse rows: the same numbers as over dense ones.</summary>
public class SparseExamplesTests
{
    private const int Count = 40;

    public static TheoryData<int, int, double> Shapes()
    {
        var shapes = new TheoryData<int, int, double>();
        foreach (int features in (int[])[1, 3, 16, 17, 123])
        {
            foreach (int outputs in (int[])[1, 2, 3, 10])
            {
                foreach (double density in (double[])[0, 0.1, 0.5, 1])
                {
                    shapes.Add(features, outputs, density);
                }
            }
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void LossAndGradient_SparseRows_EqualsDenseRowsAndNaiveDouble(int features, int outputs, double density)
    {
        (ExampleSet dense, ExampleSet sparse) = Create(features, Math.Max(2, outputs), density);
        int[] indices = [.. SampleExamples.Range(Count).Reverse()], batch = [.. Enumerable.Range(0, 17).Select(i => (i * 3) % Count)];
        SoftmaxObjective expected = new(features, outputs), actual = new(features, outputs);
        expected.Select(dense, indices);
        actual.Select(sparse, indices);
        float[] parameters = SampleExamples.Vector(expected.ParameterCount, 5);
        float[] expectedGradient = new float[expected.ParameterCount], gradient = new float[expected.ParameterCount];
        Array.Fill(gradient, float.NaN);

        double expectedLoss = expected.LossAndGradient(parameters, batch, expectedGradient);
        double loss = actual.LossAndGradient(parameters, batch, gradient);

        var (naiveLoss, naiveGradient) = NaiveSoftmax.LossAndGradient(
            [.. parameters.Select(p => (double)p)], dense, [.. batch.Select(i => indices[i])], outputs);
        Assert.Equal(naiveLoss, loss, 1e-5);
        Assert.Equal(expectedLoss, loss, 1e-6 * Math.Max(1, expectedLoss));
        Assert.Equal(expectedLoss, actual.Loss(parameters, batch), 1e-5);
        Assert.Equal(expected.Evaluate(parameters, TestContext.Current.CancellationToken).Correct, actual.Evaluate(parameters, TestContext.Current.CancellationToken).Correct);
        for (int i = 0; i < gradient.Length; i++)
        {
            Assert.Equal(naiveGradient[i], gradient[i], 2e-6);
            Assert.Equal(expectedGradient[i], gradient[i], 1e-6);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void LossAndGradient_Indicators_HasTheBitsOfAnyValues(int outputs)
    {
        // Two examples that no batch names: one with another value makes the whole set one of any values.
        float[] matrix = [.. Create(30, 2, 0.3).Dense.Features.ToArray().Select(value => value == 0 ? 0f : 1f), .. new float[60]];
        int[] labels = [.. Enumerable.Range(0, Count + 2).Select(i => i % 2)];
        var ones = new ExampleSet(CsrMatrix.FromDense(Count + 2, 30, matrix), labels);
        matrix[^1] = 2;
        var any = new ExampleSet(CsrMatrix.FromDense(Count + 2, 30, matrix), labels);
        float[][] gradients = [.. new[] { ones, any }.Select(examples =>
        {
            var objective = new SoftmaxObjective(30, outputs);
            objective.Select(examples, SampleExamples.Range(Count));
            float[] gradient = new float[objective.ParameterCount];
            objective.LossAndGradient(SampleExamples.Vector(objective.ParameterCount, 5), SampleExamples.Range(Count), gradient);
            return gradient;
        })];

        Assert.Equal((true, false), (ones.HasOnlyOnes, any.HasOnlyOnes));
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Fact]
    public void Loss_RowOfABatch_DoesNotDependOnTheOthers()
    {
        (_, ExampleSet sparse) = Create(123, 3, 0.1);
        var objective = new SoftmaxObjective(123, 3);
        objective.Select(sparse, SampleExamples.Range(Count));
        float[] parameters = SampleExamples.Vector(objective.ParameterCount, 5);

        double alone = objective.Loss(parameters, [7]);

        Assert.Equal((alone + objective.Loss(parameters, [30])) / 2, objective.Loss(parameters, [7, 30]));
    }

    [Fact]
    public void Solve_SparseRows_FollowsDenseRows()
    {
        (ExampleSet dense, ExampleSet sparse) = Create(123, 2, 0.11);
        var plan = new LocalSgdPlan { Epochs = 3, BatchSize = 8, LearningRate = 0.2, Momentum = 0.5 };
        float[][] results = [.. new[] { dense, sparse, sparse }.Select(examples =>
        {
            var objective = new SoftmaxObjective(123, 1);
            objective.Select(examples, SampleExamples.Range(Count));
            float[] local = new float[124];
            new SgdSolver(objective).Solve(plan, new TrainingKey(1, 2, 3), new float[124], [], local, TestContext.Current.CancellationToken);
            return local;
        })];

        Assert.Equal(results[1], results[2]);
        Assert.All(results[0].Zip(results[1]), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void LossAndGradient_RowOutsideTheSet_Throws()
    {
        (_, ExampleSet sparse) = Create(5, 3, 0.5);
        var objective = new SoftmaxObjective(5, 3);
        objective.Select(sparse, new[] { 0, Count, -1 });

        Assert.ThrowsAny<Exception>(() => objective.LossAndGradient(new float[18], [1], new float[18]));
        Assert.ThrowsAny<Exception>(() => objective.LossAndGradient(new float[18], [2], new float[18]));
    }

    /// <summary>The same examples as dense and as sparse rows; some rows are empty.</summary>
    private static (ExampleSet Dense, ExampleSet Sparse) Create(int features, int classes, double density)
    {
        ExampleSet full = SampleExamples.Create(Count, features, classes);
        float[] keep = SampleExamples.Vector(Count * features, 3), matrix = full.Features.ToArray();
        for (int i = 0; i < matrix.Length; i++)
        {
            matrix[i] = (keep[i] + 1) / 2 < density ? matrix[i] : 0;
        }

        return (new ExampleSet(matrix, features, full.Labels), new ExampleSet(CsrMatrix.FromDense(Count, features, matrix), full.Labels));
    }
}
