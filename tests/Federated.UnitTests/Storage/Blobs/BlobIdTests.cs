using System.Text;
using Federated.Storage.Blobs;

namespace Federated.UnitTests.Storage.Blobs;

public sealed class BlobIdTests
{
    /// <summary>FIPS 180-2, example B.1.</summary>
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void Of_TheStandardsExample_IsItsHash()
    {
        var id = BlobId.Of(Encoding.ASCII.GetBytes("abc"));

        Assert.Equal(Abc, id.ToString());
        Assert.Equal(id, BlobId.Parse(Abc));
        Assert.Equal(id, new BlobId(id.ToArray()));
        Assert.Equal(Convert.FromHexString(Abc), id.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ba7816")]
    [InlineData("za7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad00")]
    public void TryParse_NotAHash_IsFalse(string? text)
    {
        Assert.False(BlobId.TryParse(text, out var id));
        Assert.Equal(default, id);
    }

    [Fact]
    public void Constructor_WrongLength_Throws() => Assert.Throws<ArgumentException>(() => new BlobId(new byte[31]));
}
