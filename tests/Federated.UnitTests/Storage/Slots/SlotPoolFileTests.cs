using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

public sealed class SlotPoolFileTests : SlotPoolFixture
{
    [Theory]
    [InlineData(0, "magic", "53544f4c53444546")]
    [InlineData(8, "layout version", "164")]
    [InlineData(40, "header seal", "")]
    public void Open_AnotherHeader_NamesTheFileAndBothValues(int offset, string what, string wanted)
    {
        Open().Dispose();
        FlipByte(offset);

        var error = Assert.Throws<InvalidDataException>(Open);

        Assert.Contains(SlotsPath, error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnotherSize_NamesTheFileAndBothValues()
    {
        Open().Dispose();
        Options.SlotCount = 5;

        var error = Assert.Throws<InvalidDataException>(Open);

        Assert.Contains($"{SlotsPath}: slot count is 4, this process expects 5", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(5_000)]
    public void Open_TruncatedFile_NamesTheFileAndBothSizes(long length)
    {
        Open().Dispose();
        using (var file = new FileStream(SlotsPath, FileMode.Open))
        {
            file.SetLength(length);
        }

        var error = Assert.Throws<InvalidDataException>(Open);

        Assert.Contains($"{SlotsPath}: file size is {length}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LeftoverOfAnInterruptedCreation_IsReplaced()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(SlotsPath)!);
        File.WriteAllText($"{SlotsPath}.creating-001", "half");

        Assert.Equal(4, Open().Statistics.Free);
        Assert.False(File.Exists($"{SlotsPath}.creating-001"));
    }

    [Fact]
    public void Open_Files_AreForThisUserOnly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        Open();

        var files = Directory.GetFiles(Path.GetDirectoryName(SlotsPath)!);

        Assert.Equal(2, files.Length);
        Assert.All(files, file => Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file)));
    }

    [Fact]
    public void Open_WithoutPreTouch_Works()
    {
        Options.PreTouch = false;

        Assert.Equal(4, Open().Statistics.Free);
    }

    [Fact]
    public void Open_Again_KeepsThePoolId()
    {
        var first = Open();

        Assert.Equal(first.PoolId, Open().PoolId);
        Assert.NotEqual(Guid.Empty, first.PoolId);
    }

    [Fact]
    public void Open_WithoutDirectory_UsesSharedMemoryOrTheTemporaryFolder()
    {
        var options = new SlotPoolOptions
        {
            SlotBytes = 1,
            SlotCount = 1,
            Name = $"federated-test-{Guid.NewGuid():n}",
            DeleteOnDispose = true,
        };

        var pool = SlotPool.Open(options);
        Assert.Contains(Path.GetDirectoryName(pool.Directory), new[] { "/dev/shm", Path.GetTempPath().TrimEnd('/') });
        Assert.True(Directory.Exists(pool.Directory));
        pool.Dispose();

        Assert.False(Directory.Exists(pool.Directory));
    }
}
