using Federated.Client.Torch.Models;
using Federated.UnitTests.Training;
using static TorchSharp.torch;

namespace Federated.UnitTests.Torch;

public class PoolingTests
{
    [Theory]
    [InlineData(2, 3, 8, 8)]
    [InlineData(1, 2, 7, 5)]
    [InlineData(3, 1, 2, 9)]
    public void Max2x2_AnySize_EqualsLibtorchForwardAndBackward(int batch, int channels, int height, int width)
    {
        // Rounding to halves makes ties frequent.
        float[] values = [.. SampleExamples.Vector(batch * channels * height * width, 3).Select(value => MathF.Round(value * 4) / 2)];
        using Tensor ours = tensor(values).view(batch, channels, height, width).requires_grad_();
        using Tensor theirs = tensor(values).view(batch, channels, height, width).requires_grad_();

        using Tensor pooled = Pooling.Max2x2(ours);
        using Tensor expected = nn.functional.max_pool2d(theirs, 2);
        using Tensor weights = tensor(SampleExamples.Vector((int)expected.NumberOfElements, 4)).view(expected.shape);
        (pooled * weights).sum().backward();
        (expected * weights).sum().backward();

        Assert.Equal(expected.shape, pooled.shape);
        Assert.Equal(expected.data<float>().ToArray(), pooled.data<float>().ToArray());
        Assert.Equal(theirs.grad!.data<float>().ToArray(), ours.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Max2x2_ViewThatIsNotContiguous_EqualsLibtorch()
    {
        using Tensor source = tensor(SampleExamples.Vector(2 * 3 * 6 * 4, 8)).view(2, 3, 6, 4).transpose(2, 3);

        using Tensor pooled = Pooling.Max2x2(source);

        using Tensor expected = nn.functional.max_pool2d(source, 2);
        Assert.Equal(expected.data<float>().ToArray(), pooled.data<float>().ToArray());
    }
}
