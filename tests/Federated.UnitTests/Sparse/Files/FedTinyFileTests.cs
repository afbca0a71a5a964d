using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Files;
using Federated.UnitTests.Client;

namespace Federated.UnitTests.Sparse.Files;

public sealed class FedTinyFileTests
{
    public static TheoryData<string, int[], int> Models => ZooArchitectureTests.Models;

    [Fact]
    public void Write_SmallNetwork_HasTheFrozenLayout()
    {
        byte[] file = TinyNetworks.File(TinyNetworks.Small(), TinyNetworks.SmallSchema);

        // Header and table of two layers (288 bytes), then at 320: row pointers [0,1,3]; 384: columns [1,0,2]; 448: values [2,-1,0.5]; 512: shifts [0.25,-0.25].
        Assert.Equal(520, file.Length);
        Assert.Equal(
            "46454454494E590001000000020000000300000001000000010000000200000008020000000000000900000000000000",
            Convert.ToHexString(file[..48]));
        Assert.Equal(Convert.ToHexString(TinyNetworks.SmallSchema.Hash), Convert.ToHexString(file[48..80]));
        Assert.Equal(
            "01000000FFFFFFFFFEFFFFFF020000000000000001000000000000000300000003000000000000000200000000000000"
            + "40010000000000008001000000000000C00100000000000000000000000000000002000000000000",
            Convert.ToHexString(file[96..184]));
        Assert.Equal(
            "0300000000000000FEFFFFFF000000000000000001000000000000000000000000000000000000000000000000000000"
            + "00000000000000000000000000000000000000000000000000000000000000000000000000000000",
            Convert.ToHexString(file[192..280]));
        Assert.Equal("000000000100000003000000", Convert.ToHexString(file[320..332]));
        Assert.Equal("010000000000000002000000", Convert.ToHexString(file[384..396]));
        Assert.Equal("00000040000080BF0000003F", Convert.ToHexString(file[448..460]));
        Assert.Equal("0000803E000080BE", Convert.ToHexString(file[512..]));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Open_WrittenModel_GivesTheSameScoresBitForBit(string name, int[] input, int classes)
    {
        ZooModel model = ZooModel.Create(name, input, classes, density: 0.1);
        SparseNetwork network = TinyNetworks.Of(model);
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "model.fedtiny");
        File.WriteAllBytes(path, TinyNetworks.File(network, model.Content.Schema));

        using FedTinyFile file = FedTinyFile.Open(path);

        float[] inputs = model.DrawInputs(3);
        Assert.Equal(TinyNetworks.Scores(network, inputs), TinyNetworks.Scores(file.Network, inputs));
        Assert.Equal(model.Content.Schema.HashText, file.SchemaHashText);
        Assert.Equal(network.ActiveCount, file.Network.ActiveCount);
        Assert.Equal(new FileInfo(path).Length, file.Length);
    }

    [Fact]
    public void Parse_Weights_LieInTheFileItself()
    {
        byte[] bytes = TinyNetworks.File(TinyNetworks.Small(), TinyNetworks.SmallSchema);

        using FedTinyFile file = FedTinyFile.Parse(bytes);

        CsrMatrix matrix = file.Network.Weights[0].Matrix!;
        Assert.True(Unsafe.AreSame(ref bytes[448], ref MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(matrix.Values.Span), 1))[0]));
        Assert.True(Unsafe.AreSame(ref bytes[384], ref MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(matrix.ColumnIndices.Span), 1))[0]));
    }

    [Fact]
    public void Open_LargeFile_TakesNoMemoryForWeights()
    {
        ZooModel model = ZooModel.Create("mlp", [784], 10, density: 0.9);
        using var folder = new TemporaryFolder();
        string path = folder.File("model.fedtiny");
        File.WriteAllBytes(path, TinyNetworks.File(TinyNetworks.Of(model), model.Content.Schema));
        FedTinyFile.Open(path).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();

        using FedTinyFile file = FedTinyFile.Open(path);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, file.Length / 50);
    }

    [Fact]
    public void Network_AfterDispose_CannotBeRead()
    {
        FedTinyFile file = FedTinyFile.Parse(TinyNetworks.File(TinyNetworks.Small(), TinyNetworks.SmallSchema));
        CsrMatrix matrix = file.Network.Weights[0].Matrix!;

        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => matrix.Values.Span.Length);
    }

    [Fact]
    public void Open_DamagedFile_LetsGoOfIt()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "model.fedtiny");
        File.WriteAllBytes(path, [1, 2, 3]);

        Assert.Throws<InvalidDataException>(() => FedTinyFile.Open(path));

        File.Delete(path);
        Assert.Throws<FileNotFoundException>(() => FedTinyFile.Open(path));
    }

    [Fact]
    public void Open_ModelThatNeedsMoreThanTheReaderAllows_IsRefused()
    {
        byte[] bytes = TinyNetworks.File(TinyNetworks.Small(), TinyNetworks.SmallSchema);

        Assert.Contains("the reader allows 7", Assert.Throws<InvalidDataException>(() => FedTinyFile.Parse(bytes, maxActivations: 7)).Message, StringComparison.Ordinal);
    }
}
