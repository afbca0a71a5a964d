using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

public sealed class SlotPoolStressTests : SlotPoolFixture
{
    /// <summary>
    /// Writers and readers over two instances of the pool: no payload is lost, doubled or mixed, and every key that
    /// was used up stays stale.
    /// </summary>
    [Fact]
    public async Task ManyThreadsOverTwoPools_EveryPayloadIsReadOnceAndWhole()
    {
        const int Writers = 4;
        const int PerWriter = 2_000;
        SlotPool[] pools = [Open(), Open()];
        var committed = new BlockingCollection<SlotKey>();
        var read = new ConcurrentDictionary<long, int>();
        var cancel = TestContext.Current.CancellationToken;

        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(() => Write(pools[w % 2], w), cancel)).ToArray();
        var readers = Enumerable.Range(0, 4).Select(r => Task.Run(() => Read(pools[r % 2]), cancel)).ToArray();
        await Task.WhenAll(writers);
        committed.CompleteAdding();
        await Task.WhenAll(readers);

        Assert.Equal(Writers * PerWriter, read.Count);
        Assert.All(read.Values, times => Assert.Equal(1, times));
        Assert.Equal(4, pools[0].Statistics.Free);
        Assert.Equal(0, pools[0].Statistics.Torn);

        void Write(SlotPool pool, int writer)
        {
            var payload = new long[200];
            for (var i = 0; i < PerWriter; i++)
            {
                SlotWriteLease? lease;
                while (!pool.TryReserve(1_600, out lease, out _))
                {
                    Thread.Yield();
                }

                payload.AsSpan().Fill(((long)writer * PerWriter) + i);
                lease.Append(MemoryMarshal.AsBytes(payload.AsSpan()));
                committed.Add(lease.Commit().Key, cancel);
            }
        }

        void Read(SlotPool pool)
        {
            foreach (var key in committed.GetConsumingEnumerable(cancel))
            {
                var lease = Take(pool, key);
                Assert.True(lease.ChecksumMatches());
                read.AddOrUpdate(BitConverter.ToInt64(lease.Bytes), 1, (_, times) => times + 1);
                lease.Release();
                Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, key));
            }
        }
    }

    [Fact]
    public void TryTake_ManyThreadsWithOneKey_OneWins()
    {
        var pool = Open();
        for (var round = 0; round < 300; round++)
        {
            var key = Commit(pool, 1).Key;
            var winners = 0;
            Parallel.For(0, 4, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, _ =>
            {
                if (pool.TryTake(key, out var lease, out var outcome))
                {
                    Interlocked.Increment(ref winners);
                    lease.Release();
                }
                else
                {
                    Assert.Contains(outcome, new[] { SlotTakeOutcome.InUse, SlotTakeOutcome.Stale });
                }
            });

            Assert.Equal(1, winners);
        }
    }
}
