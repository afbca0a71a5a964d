using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Federated.Client.Transfer;
using Federated.Protocol.V1;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.UnitTests.Client;

public sealed class PendingFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_AfterWrite_GivesTheUpdate()
    {
        using PendingUpdate written = NewUpdate("a-1");
        PendingFile.Write(_folder.File("x.update"), written);

        using PendingUpdate read = PendingFile.Read(_folder.File("x.update"));

        Assert.Equal(written.Header, read.Header);
        Assert.Equal("a-1", read.AssignmentId);
        Assert.Equal(written.Payload.ToArray(), read.Payload.ToArray());
        Assert.Equal([0.5f, -2f], read.NextState);
    }

    [Fact]
    public void Write_FixedUpdate_HasTheFrozenLayout()
    {
        using PendingUpdate update = NewUpdate("a-1");

        PendingFile.Write(_folder.File("x.update"), update);

        // Files of this layout lie on devices: a change needs another digit in the magic and a reader for both.
        byte[] file = File.ReadAllBytes(_folder.File("x.update"));
        const string Prefix = "46454450454E4431" + "14000000" + "02000000" + "0500000000000000";
        const string Header = "0A090A070801320361" + "2D31" + "19000000000000F03F";
        const string State = "0000003F" + "000000C0";
        const string Payload = "6279746573";
        Assert.Equal(Prefix + Header + State + Payload, Convert.ToHexString(file.AsSpan(0, file.Length - 8)));
        Assert.Equal(XxHash3.HashToUInt64(file.AsSpan(0, file.Length - 8)), BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(file.Length - 8)));
    }

    [Fact]
    public void Read_AnyFlippedOrMissingByte_IsRefused()
    {
        using PendingUpdate update = NewUpdate("a-1");
        string path = _folder.File("x.update");
        PendingFile.Write(path, update);
        byte[] whole = File.ReadAllBytes(path);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] flipped = [.. whole];
            flipped[i] ^= 0x10;
            File.WriteAllBytes(path, flipped);
            Assert.Throws<InvalidDataException>(() => PendingFile.Read(path));
            File.WriteAllBytes(path, whole[..i]);
            Assert.Throws<InvalidDataException>(() => PendingFile.Read(path));
        }
    }

    [Fact]
    public void Load_DamagedBesideWhole_KeepsTheWholeAndSetsTheDamagedAside()
    {
        using (var before = new PendingUpdates(_folder.Path, keepAll: true, NullLogger.Instance))
        {
            before.Add(NewUpdate("a-1"));
            before.Add(NewUpdate("a-2"));
            before.MarkStored(before.Find("a-2")!);
        }

        File.WriteAllText(_folder.File("torn.update"), "torn");
        using var after = new PendingUpdates(_folder.Path, keepAll: true, NullLogger.Instance);
        after.Load();

        Assert.Equal(["a-1", "a-2"], after.Ids().Order());
        Assert.Equal((false, true), (after.Find("a-1")!.Stored, after.Find("a-2")!.Stored));
        Assert.True(File.Exists(_folder.File("torn.update.damaged")));
    }

    [Fact]
    public void Take_Update_LeavesNoFile()
    {
        using var updates = new PendingUpdates(_folder.Path, keepAll: true, NullLogger.Instance);
        updates.Add(NewUpdate("a-1"));

        updates.Take("a-1")!.Dispose();

        Assert.Null(updates.Take("a-1"));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public void Add_WhenNotAllAreKept_KeepsThoseThatStateHangsOn(int stateLength, int files)
    {
        using var updates = new PendingUpdates(_folder.Path, keepAll: false, NullLogger.Instance);

        updates.Add(NewUpdate("a-1", new float[stateLength]));

        Assert.Equal(files, Directory.GetFiles(_folder.Path).Length);
        updates.MarkStored(updates.Find("a-1")!);
        updates.Take("a-1")!.Dispose();
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    private static PendingUpdate NewUpdate(string assignmentId, float[]? state = null)
    {
        var ticket = new UpdateTicket { Version = 1, AssignmentId = assignmentId };
        var header = new UpdateHeader
        {
            Ticket = new SignedTicket { Payload = ticket.ToByteString() },
            Weight = 1,
        };
        byte[] payload = ArrayPool<byte>.Shared.Rent(5);
        "bytes"u8.CopyTo(payload);
        return new PendingUpdate(ticket, header, payload, 5, state ?? [0.5f, -2f]);
    }
}
