using CsCheck;
using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

/// <summary>Random sequences of operations against a model of four lists.</summary>
public sealed class SlotPoolModelTests : SlotPoolFixture
{
    private enum Step
    {
        Reserve,
        Commit,
        Abort,
        Take,
        Release,
        Return,
        TakeStale,
        Reopen,
    }

    [Fact]
    public void AnySequenceOfOperations_AgreesWithTheModel()
    {
        Options.PreTouch = false;
        var steps = Gen.Select(Gen.Enum<Step>(), Gen.Int[0, 1_000]).List[0, 60];

        steps.Sample(Run, iter: 300, threads: 1);
    }

    private void Run(List<(Step Step, int Value)> steps)
    {
        var pool = Open();
        var writing = new List<SlotWriteLease>();
        var committed = new List<(SlotKey Key, byte Content, int Length)>();
        var reading = new List<(SlotReadLease Lease, byte Content)>();
        var stale = new List<SlotKey>();

        foreach (var (step, value) in steps)
        {
            switch (step)
            {
                case Step.Reserve:
                    var expected = writing.Count + committed.Count + reading.Count < 4
                        ? SlotReserveOutcome.Reserved : SlotReserveOutcome.Full;
                    pool.TryReserve(value, out var reserved, out var outcome);
                    Assert.Equal(expected, outcome);
                    if (reserved is not null)
                    {
                        writing.Add(reserved);
                    }

                    break;
                case Step.Commit when writing.Count > 0:
                    var write = Remove(writing, value);
                    write.Span.Fill((byte)value);
                    committed.Add((write.Commit(write.Length).Key, (byte)value, write.Length));
                    break;
                case Step.Abort when writing.Count > 0:
                    var aborted = Remove(writing, value);
                    aborted.Dispose();
                    stale.Add(aborted.Key);
                    break;
                case Step.Take when committed.Count > 0:
                    var (key, content, length) = Remove(committed, value);
                    var taken = Take(pool, key);
                    Assert.Equal(length, taken.Length);
                    reading.Add((taken, content));
                    break;
                case Step.Release when reading.Count > 0:
                    var (released, written) = Remove(reading, value);
                    Assert.False(released.Bytes.ContainsAnyExcept(written));
                    released.Release();
                    stale.Add(released.Key);
                    break;
                case Step.Return when reading.Count > 0:
                    var (returned, same) = Remove(reading, value);
                    returned.Dispose();
                    committed.Add((returned.Key, same, returned.Length));
                    break;
                case Step.TakeStale when stale.Count > 0:
                    Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, stale[value % stale.Count]));
                    break;
                case Step.Reopen when writing.Count + reading.Count == 0:
                    pool.Dispose();
                    pool = Open();
                    break;
                default:
                    break;
            }

            var now = pool.Statistics;
            Assert.Equal((writing.Count, committed.Count, reading.Count), (now.Reserved, now.Committed, now.Taken));
            Assert.Equal(writing.Count + reading.Count, pool.LiveLeases);
            Assert.Equal(
                committed.Select(slot => slot.Key).Order(Comparer<SlotKey>.Create((a, b) => a.Index - b.Index)),
                pool.EnumerateCommitted().Select(slot => slot.Key));
        }

        writing.ForEach(lease => lease.Dispose());
        reading.ForEach(held => held.Lease.Release());
        committed.ForEach(slot => Take(pool, slot.Key).Release());
        Assert.Equal(4, pool.Statistics.Free);
        pool.Dispose();
    }

    private static T Remove<T>(List<T> list, int at)
    {
        var index = at % list.Count;
        var item = list[index];
        list.RemoveAt(index);
        return item;
    }
}
