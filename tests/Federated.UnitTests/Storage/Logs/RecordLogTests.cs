using System.Text;
using Federated.Storage.Logs;

namespace Federated.UnitTests.Storage.Logs;

public sealed class RecordLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string LogPath => _folder.At("journal", "updates.log");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_AfterReopening_GivesTheRecordsInOrder()
    {
        using (var log = RecordLog.Open(LogPath))
        {
            Assert.Equal(new RecordLogRecovery(0, 16, 0), log.Recovery);
            Append(log, "one", "", "three");
            Assert.Equal(["one", "", "three"], Texts(log));
        }

        using var reopened = RecordLog.Open(LogPath);
        Assert.Equal(new RecordLogRecovery(3, 16 + (3 * 12) + 8, 0), reopened.Recovery);
        Append(reopened, "four");
        Assert.Equal(["one", "", "three", "four"], Texts(reopened));
    }

    /// <summary>An interrupted append at every place: what was whole stays, the rest is cut, and only once.</summary>
    [Fact]
    public void Open_TailMissingFromAnyByte_KeepsTheWholeRecords()
    {
        string[] records = ["alpha", "", "a longer record than the others", "omega"];
        var (bytes, ends) = Written(records);

        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(LogPath, bytes[..length]);

            Recover(length, records.Take(ends.Count(end => end <= length)));
        }
    }

    /// <summary>Damage at every place: nothing at or behind the damaged record is believed.</summary>
    [Fact]
    public void Open_AnyByteDamaged_KeepsTheRecordsBeforeIt()
    {
        string[] records = ["alpha", "", "a longer record than the others", "omega"];
        var (bytes, ends) = Written(records);

        for (var at = 16; at < bytes.Length; at++)
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= 0xA5;
            File.WriteAllBytes(LogPath, damaged);

            Recover(bytes.Length, records.Take(ends.Count(end => end <= at)));
        }
    }

    [Fact]
    public void Open_TailOfZeros_IsCut()
    {
        var (bytes, _) = Written("alpha");
        File.WriteAllBytes(LogPath, [.. bytes, .. new byte[4_096]]);

        Recover(bytes.Length + 4_096, ["alpha"]);
    }

    [Fact]
    public void Open_OldRecordsBehindTheTail_AreNotBelieved()
    {
        var (bytes, ends) = Written("alpha", "beta", "gamma");

        // The frame of gamma, whole, but not where it was written.
        File.WriteAllBytes(LogPath, [.. bytes[..(int)ends[0]], .. bytes[(int)ends[1]..]]);

        Recover(bytes.Length - (int)(ends[1] - ends[0]), ["alpha"]);
    }

    [Theory]
    [InlineData("something else entirely")]
    [InlineData("short")]
    public void Open_FileOfSomethingElse_NamesItAndLeavesIt(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LogPath)!);
        File.WriteAllText(LogPath, content);

        var error = Assert.Throws<InvalidDataException>(() => RecordLog.Open(LogPath));

        Assert.Contains(LogPath, error.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(LogPath));
    }

    [Fact]
    public void Open_AnotherVersion_NamesTheFileAndBothHeaders()
    {
        var (bytes, _) = Written("alpha");
        bytes[8] = 2;
        File.WriteAllBytes(LogPath, bytes);

        var error = Assert.Throws<InvalidDataException>(() => RecordLog.Open(LogPath));

        Assert.Contains("02000000", error.Message, StringComparison.Ordinal);
        Assert.Contains("01000000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HeldByAnother_Throws()
    {
        using var log = RecordLog.Open(LogPath);

        Assert.Throws<IOException>(() => RecordLog.Open(LogPath));
    }

    [Fact]
    public async Task Flush_ManyWriters_AllRecordsAreThereOnce()
    {
        const int Writers = 8;
        const int PerWriter = 25;
        using (var log = RecordLog.Open(LogPath))
        {
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
                async () =>
                {
                    for (var i = 0; i < PerWriter; i++)
                    {
                        await log.FlushAsync(log.Append(BitConverter.GetBytes((writer * PerWriter) + i)), Cancel);
                    }
                },
                Cancel)));
        }

        using var reopened = RecordLog.Open(LogPath);
        Assert.Equal(
            Enumerable.Range(0, Writers * PerWriter),
            reopened.Read().Select(record => BitConverter.ToInt32(record.Span)).Order());
    }

    [Fact]
    public async Task Flush_OfARecordNotAppended_Throws()
    {
        using var log = RecordLog.Open(LogPath);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.FlushAsync(1, Cancel).AsTask());
    }

    [Fact]
    public async Task Compact_KeepsWhatIsWantedAndGoesOn()
    {
        using (var log = RecordLog.Open(LogPath))
        {
            Append(log, "keep a", "drop b", "keep c", "drop d");
            var before = log.Length;
            var unflushed = log.Append("keep e"u8);

            Assert.Equal(2, await log.CompactAsync(record => record.Span[0] == (byte)'k', Cancel));

            Assert.True(log.Length < before);
            await log.FlushAsync(unflushed, Cancel);
            await log.FlushAsync(log.Append("after"u8), Cancel);
            Assert.Equal(["keep a", "keep c", "keep e", "after"], Texts(log));
        }

        using var reopened = RecordLog.Open(LogPath);
        Assert.Equal(["keep a", "keep c", "keep e", "after"], Texts(reopened));
        Assert.Equal(0, reopened.Recovery.CutBytes);
    }

    [Fact]
    public async Task Compact_InterruptedBeforeTheRename_LeavesTheOldLog()
    {
        using (var log = RecordLog.Open(LogPath))
        {
            Append(log, "a", "b");
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => log.CompactAsync(_ => throw new InvalidOperationException("stop"), Cancel));
            Append(log, "c");
        }

        await File.WriteAllTextAsync(LogPath + ".new", "half of a compaction", Cancel);

        using var reopened = RecordLog.Open(LogPath);
        Assert.Equal(["a", "b", "c"], Texts(reopened));
        Assert.Equal(2, await reopened.CompactAsync(record => record.Span[0] == (byte)'a', Cancel));
        Assert.Equal(["a"], Texts(reopened));
    }

    [Fact]
    public void Append_TooLong_Throws()
    {
        using var log = RecordLog.Open(LogPath);

        Assert.Throws<ArgumentOutOfRangeException>(() => log.Append(new byte[RecordLog.MaxRecordBytes + 1]));
    }

    /// <summary>The file outlives versions. When this fails: raise RecordLogFile.Version and update docs/shared-memory-layout.md.</summary>
    [Fact]
    public void File_OfOneRecord_HasFrozenBytes()
    {
        var (bytes, _) = Written("abc");

        Assert.Equal("FEDRECLG"u8, bytes.AsSpan(0, 8));
        Assert.Equal("0100000000000000", Convert.ToHexString(bytes, 8, 8));
        Assert.Equal("042848F82275F6CF", Convert.ToHexString(bytes, 16, 8));
        Assert.Equal("03000000616263", Convert.ToHexString(bytes, 24, 7));
        Assert.Equal(31, bytes.Length);
    }

    /// <summary>Opens twice: the first opening mends, the second finds nothing to mend and can append.</summary>
    private void Recover(int length, IEnumerable<string> kept)
    {
        var expected = kept.ToList();
        var keptBytes = 16 + expected.Sum(text => 12 + Encoding.UTF8.GetByteCount(text));
        using (var first = RecordLog.Open(LogPath))
        {
            var cut = length < 16 ? length : length - keptBytes;
            Assert.Equal(new RecordLogRecovery(expected.Count, keptBytes, cut), first.Recovery);
            Assert.Equal(expected, Texts(first));
        }

        using var second = RecordLog.Open(LogPath);
        Assert.Equal(new RecordLogRecovery(expected.Count, keptBytes, 0), second.Recovery);
        Append(second, "next");
        Assert.Equal([.. expected, "next"], Texts(second));
    }

    private (byte[] Bytes, List<long> Ends) Written(params string[] records)
    {
        var ends = new List<long>();
        using (var log = RecordLog.Open(LogPath))
        {
            foreach (var record in records)
            {
                Append(log, record);
                ends.Add(log.Length);
            }
        }

        return (File.ReadAllBytes(LogPath), ends);
    }

    private static void Append(RecordLog log, params string[] records)
    {
        foreach (var record in records)
        {
            log.Append(Encoding.UTF8.GetBytes(record));
        }
    }

    private static List<string> Texts(RecordLog log) => [.. log.Read().Select(record => Encoding.UTF8.GetString(record.Span))];
}
