using System.Globalization;
using System.Net;
using Federated.Client.Identity;
using Federated.Client.OneByte.Peers;
using Federated.PeerHost;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.FunctionalTests.Exchange;

/// <summary>Four processes exchange one byte a gradient without a server.</summary>
public sealed class PeerExchangeTests : IDisposable
{
    private const int Rounds = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("federated-peers-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _keys.Delete(recursive: true);

    [Fact]
    public async Task Peers_SequencerIsKilledAndComesBack_AllEndInOneState()
    {
        int[] ports = [.. Enumerable.Range(0, 4).Select(_ => TestPorts.Next())];
        await MakeKeysAsync(4);

        // Machine 1 makes the record of round 9, and stands still before it; machine 3 does so before round 30.
        PeerProcess[] peers = [.. Enumerable.Range(0, 4).Select(machine => new PeerProcess(machine, Rounds, machine switch { 1 => 9, 3 => 30, _ => 0 }, ports, _keys.FullName))];
        PeerProcess? back = null;
        try
        {
            await peers[1].LineAsync(line => line == "paused").WaitAsync(Patience, Cancellation);
            await peers[1].KillAsync();

            // Another takes the role over, and the three go on to round 30, where two are left: less than a quorum.
            await peers[3].LineAsync(line => line == "paused").WaitAsync(Patience, Cancellation);
            Assert.Contains("round 29 machines 3", peers[0].Output + peers[3].Output, StringComparison.Ordinal);

            // The killed one comes back, catches up, and the others can go on; the one that stood still catches up too.
            back = new PeerProcess(1, Rounds, 0, ports, _keys.FullName);
            await back.LineAsync(line => line.StartsWith("round 31 ", StringComparison.Ordinal)).WaitAsync(Patience, Cancellation);
            await peers[3].GoOnAsync();
            Dictionary<string, string>[] ends = await Task.WhenAll(peers[0].EndAsync(), back.EndAsync(), peers[2].EndAsync(), peers[3].EndAsync()).WaitAsync(Patience, Cancellation);

            Assert.Single(ends.Select(end => end["end"]).Distinct());
            Assert.All(ends, end => Assert.Equal($"{Rounds}", end["rounds"]));
            Assert.All(ends, end => Assert.Equal("True", end["confirmed"]));
            Assert.True(int.Parse(ends[0]["taken-over"], CultureInfo.InvariantCulture) >= 1, peers[0].Output);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException(
                $"{exception.Message}\n{string.Join('\n', peers.Append(back).Select((peer, i) => $"--- {i}:\n{peer?.Output}"))}", exception);
        }
        finally
        {
            foreach (PeerProcess? peer in peers.Append(back))
            {
                peer?.Dispose();
            }
        }
    }

    [Fact]
    public async Task Stranger_UnderTheNumberOfAMember_IsRefusedAndTheOthersGoOn()
    {
        const int Few = 20;
        int[] ports = [.. Enumerable.Range(0, 4).Select(_ => TestPorts.Next())];
        Dictionary<uint, ReadOnlyMemory<byte>> publicKeys = await MakeKeysAsync(4);
        IDeviceKey strange = await new FileDeviceIdentityStore(Path.Combine(_keys.FullName, "stranger")).OpenKeyAsync(Cancellation);
        publicKeys[3] = strange.PublicKey;
        ModelContent model = ModelContent.Zeros(LinearModel.CreateSchema(ExchangeWorld.Features, ExchangeWorld.Outputs));
        OneByteSettings settings = OneByteMachine.Seal(
            new OneByteSettings(new byte[16], new byte[32], new byte[32], (long)(0.02 * (1L << 40))) { Directions = 3, Momentum = 32768 }, new OneByteManifest(model.Schema), model.Parameters);
        var options = new OneBytePeerOptions
        {
            Machine = 3,
            Members = ports.Select((port, i) => (Key: (uint)i, Value: new IPEndPoint(IPAddress.Loopback, port))).ToDictionary(pair => pair.Key, pair => pair.Value),
            PublicKeys = publicKeys,
            Key = strange,
            Rounds = Few,
        };
        var stranger = new OneBytePeer(options, settings, model, Clouds.Examples(9));
        int applied = 0;
        stranger.Applied += (_, _) => applied++;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<OneBytePeerResult> intruding = Task.Run(() => stranger.RunAsync(stop.Token), Cancellation);

        // They wait long enough for the last member to refuse whoever comes in its place, on a machine with much to do too.
        PeerProcess[] peers = [.. Enumerable.Range(0, 3).Select(machine => new PeerProcess(machine, Few, 0, ports, _keys.FullName, gatherSeconds: 10))];
        try
        {
            Dictionary<string, string>[] ends = await Task.WhenAll(peers.Select(peer => peer.EndAsync())).WaitAsync(Patience, Cancellation);

            Assert.Single(ends.Select(end => end["end"]).Distinct());
            Assert.All(ends, end => Assert.Equal($"{Few}", end["rounds"]));
            Assert.All(ends, end => Assert.True(int.Parse(end["refused"], CultureInfo.InvariantCulture) > 0));
            Assert.All(peers, peer => Assert.DoesNotContain("machines 4", peer.Output, StringComparison.Ordinal));
            Assert.Equal(0, applied);
        }
        finally
        {
            Array.ForEach(peers, peer => peer.Dispose());
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => intruding);
        }
    }

    private async Task<Dictionary<uint, ReadOnlyMemory<byte>>> MakeKeysAsync(int members)
    {
        var publicKeys = new Dictionary<uint, ReadOnlyMemory<byte>>();
        for (uint i = 0; i < members; i++)
        {
            IDeviceKey key = await new FileDeviceIdentityStore(Path.Combine(_keys.FullName, i.ToString(CultureInfo.InvariantCulture))).OpenKeyAsync(Cancellation);
            publicKeys[i] = key.PublicKey;
            await File.WriteAllBytesAsync(Path.Combine(_keys.FullName, FormattableString.Invariant($"{i}.pub")), key.PublicKey, Cancellation);
        }

        return publicKeys;
    }
}
