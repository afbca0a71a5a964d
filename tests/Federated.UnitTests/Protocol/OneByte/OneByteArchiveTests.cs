using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Protocol.OneByte;

public sealed class OneByteArchiveTests
{
    [Fact]
    public void ToBytes_CheckpointAndRecords_AreTheFrozenLayout()
    {
        var archive = new OneByteArchive(default, new byte[] { 1, 2 }, [new byte[] { 3 }, Array.Empty<byte>()]);

        string expected = "4f424131" + new string('0', 64) + "02000000" + "0102" + "02000000" + "01000000" + "03" + "00000000";
        Assert.Equal(expected, Convert.ToHexStringLower(archive.ToBytes()));
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        byte[] before = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        byte[] bytes = new OneByteArchive(before, new byte[] { 1, 2 }, [new byte[] { 3 }]).ToBytes();

        OneByteArchive read = OneByteArchive.Read(bytes);

        Assert.Equal(before, read.Before.ToArray());
        Assert.Equal(bytes, read.ToBytes());
        Assert.True(OneByteArchive.Read(new OneByteArchive(default, default, []).ToBytes()).Before.IsEmpty);
    }

    [Fact]
    public void Read_CutOrTurnedBytes_ThrowsInvalidDataOnly()
    {
        byte[] good = new OneByteArchive(default, new byte[] { 1, 2 }, [new byte[] { 3 }, new byte[] { 4, 5 }]).ToBytes();
        for (int length = 0; length < good.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => OneByteArchive.Read(good.AsMemory(0, length)));
        }

        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0xFF;
            if (Record.Exception(() => OneByteArchive.Read(bad)) is { } fault)
            {
                Assert.IsType<InvalidDataException>(fault);
            }
        }
    }
}
