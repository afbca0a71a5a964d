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

    [Fact]
    public void SelectDeviceOrCpu_CudaIsMissing_IsTheCpuAndSaysWhy()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "This host has CUDA.");

        Assert.Equal(DeviceType.CPU, TorchRuntime.SelectDeviceOrCpu("cuda:1", out string? notice).type);

        Assert.Contains("'cuda:1'", notice, StringComparison.Ordinal);
        Assert.Contains("CPU is used instead", notice, StringComparison.Ordinal);
        TorchRuntime.SelectDeviceOrCpu("cpu", out notice);
        Assert.Null(notice);
        Assert.Throws<ArgumentException>(() => TorchRuntime.SelectDeviceOrCpu("gpu", out notice));
    }

    [Fact]
    public void PeakMemory_BufferThatComesAndGoes_IsInThePeak()
    {
        PeakMemory memory = PeakMemory.Start();

        using (torch.Tensor large = torch.ones(16 << 20))
        {
            Assert.Equal(1f, large[0].item<float>());
        }

        Assert.InRange(memory.Bytes(), 64L << 20, long.MaxValue);
        Assert.InRange(memory.Growth(), OperatingSystem.IsLinux() ? 32L << 20 : 0, memory.Bytes());
    }
}
