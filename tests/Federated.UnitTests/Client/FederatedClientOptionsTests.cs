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

    [Theory]
    [InlineData("topk:0.01", true)]
    [InlineData("q4", true)]
    [InlineData("none", false)]
    [InlineData("q4+econtrol", false)]
    [InlineData("gzip", false)]
    public void Validate_OwnCompressor_NamesNoFeedback(string compression, bool isGood)
    {
        var options = new FederatedClientOptions { Server = new Uri("https://example.org"), Compression = compression };

        FederatedClientException? error = Record.Exception(options.Validate) as FederatedClientException;

        Assert.Equal(isGood, error is null);
        Assert.True(isGood || error!.Message.Contains("Compression: ", StringComparison.Ordinal));
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
