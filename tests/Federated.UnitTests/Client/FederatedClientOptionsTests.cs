using Federated.Client;

namespace Federated.UnitTests.Client;

public sealed class FederatedClientOptionsTests
{
    [Fact]
    public void Validate_Defaults_AskForTheServerOnly()
    {
        FederatedClientException e = Assert.Throws<FederatedClientException>(() => new FederatedClientOptions().Validate());

        Assert.Equal(FederatedClientReason.InvalidOptions, e.Reason);
        Assert.Single(e.Message.Split(Environment.NewLine));
        Assert.Contains("Server", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_SeveralErrors_TellsThemAll()
    {
        var options = new FederatedClientOptions
        {
            Server = new Uri("ftp://example.org"),
            DisplayName = new string('x', 101),
            CheckInWait = TimeSpan.FromMinutes(2),
            UploadChunkBytes = 1,
        };
        options.Retry.CircuitFailures = 1;

        FederatedClientException e = Assert.Throws<FederatedClientException>(options.Validate);

        Assert.Equal(
            ["Server", "DisplayName's", "CheckInWait", "UploadChunkBytes", "Retry.CircuitFailures"],
            e.Message.Split(Environment.NewLine).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void Validate_UnendingRetries_AreAllowed()
    {
        var options = new FederatedClientOptions { Server = new Uri("https://example.org") };
        options.Retry.GiveUpAfter = Timeout.InfiniteTimeSpan;

        options.Validate();

        Assert.Equal(Timeout.InfiniteTimeSpan, options.Retry.GiveUpAfter);
    }
}
