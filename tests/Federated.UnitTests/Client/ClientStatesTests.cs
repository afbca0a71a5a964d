using Federated.Client.Sessions;

namespace Federated.UnitTests.Client;

public sealed class ClientStatesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_InALaterRun_GivesWhatWasCommitted()
    {
        new ClientStates(_folder.Path).Commit("job", 3, [1f, 2f]);

        Assert.Equal([1f, 2f], new ClientStates(_folder.Path).Load("job", 3, 2).ToArray());
    }

    [Theory]
    [InlineData("job", 4, 2)]
    [InlineData("job", 3, 1)]
    [InlineData("other", 3, 2)]
    public void Load_OtherEpochLengthOrJob_GivesNone(string job, int epoch, int length)
    {
        var states = new ClientStates(_folder.Path);
        states.Commit("job", 3, [1f, 2f]);

        Assert.True(states.Load(job, (uint)epoch, length).IsEmpty);
    }

    [Fact]
    public void Load_DamagedFile_StartsOver()
    {
        new ClientStates(_folder.Path).Commit("job", 3, [1f, 2f]);
        string path = Directory.GetFiles(_folder.Path).Single();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[17] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.True(new ClientStates(_folder.Path).Load("job", 3, 2).IsEmpty);
    }
}
