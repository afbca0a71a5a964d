using Federated.Client.Training;
using Federated.Client.Training.Softmax;

namespace Federated.UnitTests.Training;

public class SoftmaxObjectiveTests
{
    public static TheoryData<int, int, int> Shapes()
    {
        var shapes = new TheoryData<int, int, int>();
        foreach (int features in (int[])[1, 3, 7, 8, 9, 31, 32, 33, 64, 100, 123])
        {
            foreach (int outputs in (int[])[1, 2, 3, 10])
            {
                shapes.Add(features, outputs, 1 + ((features + outputs) % 9));
            }
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void LossAndGradient_AnyShape_EqualsNaiveDouble(int features, int outputs, int batchSize)
    {
        ExampleSet examples = SampleExamples.Create(20, features, Math.Max(2, outputs));
        int[] indices = [.. SampleExamples.Range(20).Reverse()];
        int[] batch = [.. Enumerable.Range(0, batchSize).Select(i => (i * 3) % 20)];
        int[] rows = [.. batch.Select(i => indices[i])];
        var objective = new SoftmaxObjective(features, outputs);
        objective.Select(examples, indices);
        float[] parameters = SampleExamples.Vector(objective.ParameterCount, 5);
        float[] gradient = new float[objective.ParameterCount];
        Array.Fill(gradient, float.NaN);

        double loss = objective.LossAndGradient(parameters, batch, gradient);

        var (expectedLoss, expectedGradient) =
            NaiveSoftmax.LossAndGradient([.. parameters.Select(p => (double)p)], examples, rows, outputs);
        Assert.Equal(expectedLoss, loss, 1e-5);
        Assert.Equal(expectedLoss, objective.Loss(parameters, batch), 1e-5);
        for (int i = 0; i < gradient.Length; i++)
        {
            Assert.Equal(expectedGradient[i], gradient[i], 2e-6);
        }
    }

    [Fact]
    public void LossAndGradient_AgainstFiniteDifferencesInDouble_Agrees()
    {
        ExampleSet examples = SampleExamples.Create(12, 13, 4);
        int[] rows = SampleExamples.Range(12);
        var objective = new SoftmaxObjective(13, 4);
        objective.Select(examples, rows);
        float[] parameters = SampleExamples.Vector(objective.ParameterCount, 9);
        float[] gradient = new float[objective.ParameterCount];

        objective.LossAndGradient(parameters, rows, gradient);

        double[] point = [.. parameters.Select(p => (double)p)];
        for (int i = 0; i < gradient.Length; i++)
        {
            double saved = point[i];
            point[i] = saved + 1e-5;
            double above = NaiveSoftmax.LossAndGradient(point, examples, rows, 4).Loss;
            point[i] = saved - 1e-5;
            double below = NaiveSoftmax.LossAndGradient(point, examples, rows, 4).Loss;
            point[i] = saved;
            Assert.Equal((above - below) / 2e-5, gradient[i], 1e-6);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Evaluate_MoreThanOneChunk_EqualsNaiveSums(int outputs)
    {
        ExampleSet examples = SampleExamples.Create(700, 6, Math.Max(2, outputs));
        int[] rows = SampleExamples.Range(700);
        var objective = new SoftmaxObjective(6, outputs);
        objective.Select(examples, rows);
        float[] parameters = SampleExamples.Vector(objective.ParameterCount, 2);
        double[] point = [.. parameters.Select(p => (double)p)];

        Evaluation evaluation = objective.Evaluate(parameters, TestContext.Current.CancellationToken);

        long correct = rows.LongCount(row =>
        {
            double[] p = NaiveSoftmax.Probabilities(point, examples, row, outputs);
            int predicted = outputs == 1 ? (p[0] > 0.5 ? 1 : 0) : Array.IndexOf(p, p.Max());
            return predicted == examples.Labels.Span[row];
        });
        Assert.Equal(700, evaluation.Count);
        Assert.Equal(correct, evaluation.Correct);
        Assert.Equal(NaiveSoftmax.LossAndGradient(point, examples, rows, outputs).Loss, evaluation.MeanLoss, 1e-5);
    }

    [Fact]
    public void LossAndGradient_LargeScores_StaysFinite()
    {
        ExampleSet examples = SampleExamples.Create(8, 5, 3);
        var objective = new SoftmaxObjective(5, 3);
        objective.Select(examples, SampleExamples.Range(8));
        float[] parameters = SampleExamples.Vector(objective.ParameterCount, 4, scale: 500);

        double loss = objective.LossAndGradient(parameters, SampleExamples.Range(8), new float[objective.ParameterCount]);

        Assert.True(double.IsFinite(loss));
    }

    [Fact]
    public void Select_LabelBeyondTheModel_NamesBothSides()
    {
        ExampleSet examples = SampleExamples.Create(8, 5, 4);
        var objective = new SoftmaxObjective(5, 3);

        var error = Assert.Throws<ArgumentException>(() => objective.Select(examples, SampleExamples.Range(8)));

        Assert.Contains("below 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("below 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LossAndGradient_IndexOutsideTheSet_Throws()
    {
        ExampleSet examples = SampleExamples.Create(8, 5, 3);
        var objective = new SoftmaxObjective(5, 3);
        int[] indices = [0, 8];
        objective.Select(examples, indices);

        Assert.ThrowsAny<Exception>(() => objective.LossAndGradient(new float[18], [1], new float[18]));
    }
}
