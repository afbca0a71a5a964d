using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Federated.Client;
using Federated.FunctionalTests.Client;

namespace Federated.FunctionalTests.Server;

/// <summary>Devices over TLS to a server with a certificate of its own making.</summary>
public sealed class TlsTests : IDisposable
{
    private const int Parameters = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-tls-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Job_OverTls_WithADeviceThatTrustsTheCertificate_Completes()
    {
        var (certificate, key) = WriteCertificate("server", "127.0.0.1");
        await using var server = await StartAsync(certificate, key);
        var jobId = await CreateJobAsync(server);

        var summary = await Device(server, await server.CreateEnrolmentTokenAsync(), jobId, certificate)
            .RunAsync(Cancellation).WaitAsync(Patience, Cancellation);

        Assert.StartsWith("https://127.0.0.1:", server.Addresses.Grpc, StringComparison.Ordinal);
        Assert.Equal((1, 0), (summary.Counted, summary.Failed));
    }

    [Fact]
    public async Task Device_WithoutTheCertificate_GivesUpAtOnceAndSaysWhy()
    {
        var (certificate, key) = WriteCertificate("server", "127.0.0.1");
        await using var server = await StartAsync(certificate, key);
        var jobId = await CreateJobAsync(server);

        await AssertUntrustedAsync(server, jobId, trusted: null);
    }

    [Fact]
    public async Task Device_ThatTrustsAnotherCertificate_GivesUpAtOnceAndSaysWhy()
    {
        var (certificate, key) = WriteCertificate("server", "127.0.0.1");
        var (other, _) = WriteCertificate("other", "127.0.0.1");
        await using var server = await StartAsync(certificate, key);
        var jobId = await CreateJobAsync(server);

        await AssertUntrustedAsync(server, jobId, other);
    }

    [Fact]
    public async Task Device_WhoseServerCertificateNamesAnotherAddress_GivesUpAtOnceAndSaysWhy()
    {
        var (certificate, key) = WriteCertificate("server", "192.0.2.1");
        await using var server = await StartAsync(certificate, key);
        var jobId = await CreateJobAsync(server);

        await AssertUntrustedAsync(server, jobId, certificate);
    }

    private async Task AssertUntrustedAsync(RunningServer server, string jobId, string? trusted)
    {
        var device = Device(server, await server.CreateEnrolmentTokenAsync(), jobId, trusted);

        var exception = await Assert.ThrowsAsync<FederatedClientException>(() => device.RunAsync(Cancellation).WaitAsync(Patience, Cancellation));

        Assert.Equal(FederatedClientReason.ServerUntrusted, exception.Reason);
        Assert.Contains(server.Addresses.Grpc, exception.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", exception.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(device.Events);
    }

    private static Task<RunningServer> StartAsync(string certificate, string key)
    {
        return RunningServer.StartAsync(
            "--Endpoints:Grpc=https://127.0.0.1:0", $"--Endpoints:CertificatePath={certificate}", $"--Endpoints:CertificateKeyPath={key}");
    }

    private static async Task<string> CreateJobAsync(RunningServer server)
    {
        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", new
        {
            linear = new { features = Parameters - 1, outputs = 1 },
            rounds = 1,
            round = new { cohortSize = 1, deadlineSeconds = 60 },
            local = new { epochs = 0, steps = 1 },
        }, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private SdkDevice Device(RunningServer server, string token, string jobId, string? trusted)
    {
        return new SdkDevice(
            server.Addresses.Grpc, token, jobId, Path.Combine(_folder.FullName, "device"), StubSolver.PlusOne(Parameters), trusted);
    }

    /// <summary>A self-signed certificate for an address, in two PEM files.</summary>
    private (string Certificate, string Key) WriteCertificate(string name, string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var (certificatePath, keyPath) = (Path.Combine(_folder.FullName, $"{name}.pem"), Path.Combine(_folder.FullName, $"{name}.key"));
        File.WriteAllText(certificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return (certificatePath, keyPath);
    }
}
