namespace Federated.FunctionalTests.Exchange;

/// <summary>Four processes exchange one byte a gradient without a server.</summary>
public sealed class PeerExchangeTests
{
    private const int Rounds = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Peers_SequencerIsKilledAndComesBack_AllEndInOneState()
    {
        int[] ports = [.. Enumerable.Range(0, 4).Select(_ => TestPorts.Next())];

        // Machine 1 makes the record of round 9, and stands still before it; machine 3 does so before round 30.
        PeerProcess[] peers = [.. Enumerable.Range(0, 4).Select(machine => new PeerProcess(machine, Rounds, machine switch { 1 => 9, 3 => 30, _ => 0 }, ports))];
        PeerProcess? back = null;
        try
        {
            await peers[1].LineAsync(line => line == "paused").WaitAsync(Patience, Cancellation);
            await peers[1].KillAsync();

            // Another takes the role over, and the three go on to round 30, where two are left: less than a quorum.
            await peers[3].LineAsync(line => line == "paused").WaitAsync(Patience, Cancellation);
            Assert.Contains("round 29 machines 3", peers[0].Output + peers[3].Output, StringComparison.Ordinal);

            // The killed one comes back, catches up, and the others can go on; the one that stood still catches up too.
            back = new PeerProcess(1, Rounds, 0, ports);
            await back.LineAsync(line => line.StartsWith("round 31 ", StringComparison.Ordinal)).WaitAsync(Patience, Cancellation);
            await peers[3].GoOnAsync();
            Dictionary<string, string>[] ends = await Task.WhenAll(peers[0].EndAsync(), back.EndAsync(), peers[2].EndAsync(), peers[3].EndAsync()).WaitAsync(Patience, Cancellation);

            Assert.Single(ends.Select(end => end["end"]).Distinct());
            Assert.All(ends, end => Assert.Equal($"{Rounds}", end["rounds"]));
            Assert.All(ends, end => Assert.Equal("True", end["confirmed"]));
            Assert.True(int.Parse(ends[0]["taken-over"], System.Globalization.CultureInfo.InvariantCulture) >= 1, peers[0].Output);
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
}
