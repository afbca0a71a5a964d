using Federated.Client.Torch;
using TorchSharp;

namespace Federated.UnitTests.Torch;

public class TorchRuntimeTests
{
    [Fact]
    public void Tensor_AnyHost_ComputesAProduct()
    {
        using torch.Tensor a = torch.tensor([1f, 2f, 3f, 4f]).reshape(2, 2);
        using torch.Tensor product = a.mm(a);

        Assert.Equal([7f, 10f, 15f, 22f], product.data<float>().ToArray());
    }

    [Fact]
    public void Initialise_Defaults_UsesOneIntraOpThread()
    {
        TorchRuntime.Initialise();

        Assert.Equal(1, torch.get_num_threads());
    }

    [Fact]
    public void SelectDevice_UnknownName_NamesTheChoices()
    {
        var error = Assert.Throws<ArgumentException>(() => TorchRuntime.SelectDevice("gpu"));

        Assert.Contains("cuda:N", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SelectDevice_CudaIsMissing_SaysWhatToDo()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "This host has CUDA.");

        var error = Assert.Throws<NotSupportedException>(() => TorchRuntime.SelectDevice("cuda"));

        Assert.Contains("libtorch-cuda", error.Message, StringComparison.Ordinal);
    }
}
