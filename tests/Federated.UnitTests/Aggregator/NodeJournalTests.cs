using System.Text;
using Federated.Aggregator.Journal;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.UnitTests.Storage;

namespace Federated.UnitTests.Aggregator;

public sealed class NodeJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder.At("updates.journal");

    public void Dispose() => _folder.Dispose();

    /// <summary>Journals of running nodes are written in this form: add optional fields, never change or rename one.</summary>
    [Fact]
    public void Format_UpdateStored_IsFrozen()
    {
        const string Frozen =
            """{"kind":2,"round":{"tenantId":"default","jobId":"job","round":7,"kind":1},"update":{"key":{"tenantId":"default","jobId":"job","round":7,"kind":1},"assignmentId":"a","deviceId":"d","nodeId":"n","slotKey":"00","length":12,"checksum":18446744073709551615,"weight":2.5,"localSteps":3,"trainingLoss":"NaN","trainingSeconds":1.5,"norm":0.25,"role":"worker"}}""";
        var record = new JournalRecord(JournalRecordKind.UpdateStored, Key(7), Update: Update(Key(7), "a") with { Role = "worker" });

        Assert.Equal(Frozen, Encoding.UTF8.GetString(NodeJournal.Format(record)));
        Assert.Equal(record, NodeJournal.Parse(Encoding.UTF8.GetBytes(Frozen)));
    }

    [Theory]
    [InlineData(JournalRecordKind.RoundOpened, 1)]
    [InlineData(JournalRecordKind.UpdateStored, 2)]
    [InlineData(JournalRecordKind.RoundEnded, 3)]
    internal void Kind_Number_IsFrozen(JournalRecordKind kind, int number) => Assert.Equal(number, (int)kind);

    [Fact]
    public async Task Open_AfterEndings_HasOnlyWhatWasSaidSince()
    {
        using (NodeJournal journal = NodeJournal.Open(FilePath, int.MaxValue))
        {
            journal.RoundOpened(Plan(1));
            journal.UpdateStored(Update(Key(1), "old"));
            await journal.RoundEndedAsync(Key(1), TestContext.Current.CancellationToken);
            journal.RoundOpened(Plan(1));
            journal.UpdateStored(Update(Key(1), "a"));
            journal.UpdateStored(Update(Key(1), "a") with { SlotKey = "11" });
        }

        using NodeJournal again = NodeJournal.Open(FilePath, int.MaxValue);

        JournalledRound round = Assert.Single(again.Recovered.Values);
        Assert.Equal(4ul, round.WriterEpoch);
        Assert.Equal("11", Assert.Single(round.Updates.Values).SlotKey);
    }

    [Fact]
    public async Task RoundEnded_LongFile_DropsEndedRoundsAndKeepsOpenOnes()
    {
        using (NodeJournal journal = NodeJournal.Open(FilePath, compactAt: 4096))
        {
            journal.RoundOpened(Plan(1000));
            journal.UpdateStored(Update(Key(1000), "kept"));
            for (int round = 1; round <= 200; round++)
            {
                journal.RoundOpened(Plan(round));
                journal.UpdateStored(Update(Key(round), "a"));
                await journal.RoundEndedAsync(Key(round), TestContext.Current.CancellationToken);
            }
        }

        Assert.InRange(new FileInfo(FilePath).Length, 1, 8192);
        using NodeJournal again = NodeJournal.Open(FilePath, compactAt: 4096);
        JournalledRound kept = Assert.Single(again.Recovered.Values);
        Assert.Equal(Key(1000), kept.Key);
        Assert.Equal(["kept"], kept.Updates.Keys);
    }

    private static RoundKey Key(int round) => new("default", "job", round, TaskKind.Train);

    private static RoundPlan Plan(int round) => new(Key(round), 4, "hash", [], "mean", 12, 10);

    private static UpdateCommitted Update(RoundKey key, string assignment) =>
        new(key, assignment, "d", "n", "00", 12, ulong.MaxValue, 2.5, 3, double.NaN, 1.5, 0.25);
}
