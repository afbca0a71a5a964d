namespace Federated.FunctionalTests.Server;

public sealed class StartTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-start-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string[] Settings =>
    [
        $"--Data:Directory={_folder.FullName}", "--Endpoints:Rest=http://127.0.0.1:0", "--Endpoints:Grpc=http://127.0.0.1:0",
        "--Admin:Key=start-test-administrator-key", "--Aggregator:SlotBytes=65536",
    ];

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Start_WithBadSettings_ReportsAllAndFails()
    {
        var (exitCode, output) = await ServerProcess.RunToEndAsync(
            ["--Database:Provider=PostgreSQL", "--Endpoints:Rest=nowhere", "--Coordination:MinimumSdkVersion=one"], "Production", Cancellation);

        Assert.Equal(1, exitCode);
        Assert.Contains("Database:ConnectionString is required", output, StringComparison.Ordinal);
        Assert.Contains("Endpoints:Rest is 'nowhere'", output, StringComparison.Ordinal);
        Assert.Contains("Coordination:MinimumSdkVersion must read", output, StringComparison.Ordinal);
        Assert.Contains("Admin:Key is required in the environment Production", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithMisspeltSetting_NamesIt()
    {
        var (exitCode, output) = await ServerProcess.RunToEndAsync(["--Databse:Provider=Sqlite"], "Development", Cancellation);

        Assert.Equal(1, exitCode);
        Assert.Contains("Databse:Provider is not a setting", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_ListsTheSettings()
    {
        var (exitCode, output) = await ServerProcess.RunToEndAsync(["--help"], "Production", Cancellation);

        Assert.Equal(0, exitCode);
        Assert.Contains("--Database:Provider=Sqlite", output, StringComparison.Ordinal);
        Assert.Contains("--Data:Directory=data", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FirstAndSecondTime_PrintsOneTokenAndKeepsSecretsOut()
    {
        await using var first = await ServerProcess.StartAsync(Settings, Cancellation);
        var firstExit = await first.TerminateAsync(Cancellation);
        await using var second = await ServerProcess.StartAsync(Settings, Cancellation);
        var secondExit = await second.TerminateAsync(Cancellation);

        Assert.Equal(0, firstExit);
        Assert.Equal(0, secondExit);
        Assert.StartsWith("fet_", first.EnrolmentToken, StringComparison.Ordinal);
        Assert.Equal("", second.EnrolmentToken);
        Assert.Contains("Admin:Key = (secret)", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("start-test-administrator-key", first.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnAUsedDataFolder_Fails()
    {
        await using var first = await ServerProcess.StartAsync(Settings, Cancellation);

        var (exitCode, output) = await ServerProcess.RunToEndAsync(Settings, "Production", Cancellation);

        Assert.Equal(1, exitCode);
        Assert.Contains("--Data:Directory", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_OfTheServer_AreReadableByItsUserOnly()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        await using var server = await ServerProcess.StartAsync(Settings, Cancellation);
        using var client = new HttpClient { BaseAddress = new Uri(server.Rest) };
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(server.Grpc);
        await new Protocol.V1.Identity.IdentityClient(channel).ChallengeAsync(
            new Protocol.V1.ChallengeRequest { DeviceId = "any" }, cancellationToken: Cancellation);

        var keys = Directory.GetFiles(Path.Combine(_folder.FullName, "keys"));

        Assert.NotEmpty(keys);
        foreach (var key in keys)
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }
    }
}
