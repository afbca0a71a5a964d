using System.Security.Cryptography;
using Federated.Client;
using Federated.Client.Identity;

namespace Federated.UnitTests.Client;

public sealed class FileDeviceIdentityStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OpenKeyAsync_Twice_GivesTheSameKeyAndSignsForIt()
    {
        var store = new FileDeviceIdentityStore(_folder.Path);
        IDeviceKey first = await store.OpenKeyAsync(Token);
        IDeviceKey second = await new FileDeviceIdentityStore(_folder.Path).OpenKeyAsync(Token);
        byte[] challenge = [1, 2, 3];

        byte[] signature = await second.SignAsync(challenge, Token);

        Assert.Equal(first.PublicKey.ToArray(), second.PublicKey.ToArray());
        Assert.Equal(64, signature.Length);
        using var verifier = ECDsa.Create();
        verifier.ImportSubjectPublicKeyInfo(first.PublicKey.Span, out _);
        Assert.True(verifier.VerifyData(challenge, signature, HashAlgorithmName.SHA256));
    }

    [Fact]
    public async Task OpenKeyAsync_OnUnix_IsReadableByItsOwnerOnly()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await new FileDeviceIdentityStore(_folder.File("identity")).OpenKeyAsync(Token);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File("identity/device.key")));
        Assert.False(File.Exists(_folder.File("identity/device.key.new")));
    }

    [Fact]
    public async Task OpenKeyAsync_DamagedKey_NamesTheFileAndTheWayOut()
    {
        await File.WriteAllBytesAsync(_folder.File("device.key"), [1, 2, 3], Token);

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(
            async () => await new FileDeviceIdentityStore(_folder.Path).OpenKeyAsync(Token));

        Assert.Equal(FederatedClientReason.IdentityUnusable, e.Reason);
        Assert.Contains("device.key", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenKeyAsync_KeyOnAnotherCurve_IsRefused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        await File.WriteAllBytesAsync(_folder.File("device.key"), p384.ExportPkcs8PrivateKey(), Token);

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(
            async () => await new FileDeviceIdentityStore(_folder.Path).OpenKeyAsync(Token));

        Assert.Equal(FederatedClientReason.IdentityUnusable, e.Reason);
    }

    [Fact]
    public async Task LoadAsync_AfterSave_GivesTheIdentity()
    {
        var store = new FileDeviceIdentityStore(_folder.Path);
        Assert.Null(await store.LoadAsync(Token));
        var identity = new DeviceIdentity("device-7", "default", "http://localhost/");

        await store.SaveAsync(identity, Token);

        Assert.Equal(identity, await store.LoadAsync(Token));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    public async Task LoadAsync_DamagedIdentity_IsTold(string content)
    {
        await File.WriteAllTextAsync(_folder.File("device.json"), content, Token);

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(
            async () => await new FileDeviceIdentityStore(_folder.Path).LoadAsync(Token));

        Assert.Equal(FederatedClientReason.IdentityUnusable, e.Reason);
    }
}
