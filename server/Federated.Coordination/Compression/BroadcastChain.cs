using System.Collections.Immutable;
using System.Text;
using Federated.Coordination.Algorithms;

namespace Federated.Coordination.Compression;

/// <summary>
/// The model that devices hold, as a blob, and the last steps that led to it: as many as together are smaller than the model itself, because with more of them a
/// device had better take the model.
/// </summary>
public sealed class BroadcastChain
{
    /// <summary>A task lists no more steps than this.</summary>
    public const int MostLinks = 64;

    private const string StateName = "broadcast";

    /// <summary>A model that devices hold, and no steps to it.</summary>
    /// <param name="blobId">The model's file.</param>
    /// <param name="byteLength">Its bytes.</param>
    public BroadcastChain(string blobId, long byteLength)
        : this(blobId, byteLength, [])
    {
    }

    private BroadcastChain(string blobId, long byteLength, ImmutableArray<BroadcastLink> links)
    {
        BlobId = blobId;
        ByteLength = byteLength;
        Links = links;
    }

    /// <summary>The file of the model that devices hold.</summary>
    public string BlobId { get; }

    /// <summary>Bytes of that file.</summary>
    public long ByteLength { get; }

    /// <summary>The steps, oldest first; the last one leads to <see cref="BlobId"/>.</summary>
    public ImmutableArray<BroadcastLink> Links { get; }

    /// <summary>The chain after another step.</summary>
    /// <param name="blobId">The file of the model that the step leads to.</param>
    /// <param name="byteLength">Bytes of that file.</param>
    /// <param name="difference">The step's blob.</param>
    /// <param name="bytes">Bytes of the step.</param>
    public BroadcastChain Then(string blobId, long byteLength, string difference, long bytes)
    {
        long total = 0;
        IEnumerable<BroadcastLink> links = Links
            .Add(new BroadcastLink(BlobId, difference, bytes))
            .Reverse()
            .TakeWhile(link => (total += link.ByteLength) < byteLength)
            .Take(MostLinks)
            .Reverse();
        return new BroadcastChain(blobId, byteLength, [.. links]);
    }

    /// <summary>Bytes that a device downloads that holds a model; those of the model itself for one that no step starts from.</summary>
    /// <param name="heldBlobId">The newest model that the device holds; null for none.</param>
    public long BytesFrom(string? heldBlobId)
    {
        if (heldBlobId == BlobId)
        {
            return 0;
        }

        IEnumerable<BroadcastLink> ahead = Links.SkipWhile(link => link.BaseBlobId != heldBlobId);
        return ahead.Any() ? ahead.Sum(link => link.ByteLength) : ByteLength;
    }

    /// <summary>The bytes to keep with a model version, beside the algorithm's state.</summary>
    /// <param name="algorithm">The algorithm's state; null when it has none.</param>
    public byte[] Save(byte[]? algorithm)
    {
        var state = new AlgorithmState(StateName);
        state.Add<long>("bytes", [ByteLength, .. Links.Select(link => link.ByteLength)]);
        state.Add<byte>("blobs", Encoding.ASCII.GetBytes(string.Join(' ', Links.SelectMany(link => new[] { link.BaseBlobId, link.BlobId }).Prepend(BlobId))));
        if (algorithm is not null)
        {
            state.Add<byte>("inner", algorithm);
        }

        return state.ToBytes();
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="algorithm">The algorithm's state; empty when it has none.</param>
    /// <exception cref="InvalidDataException">The bytes are something else, or damaged.</exception>
    public static BroadcastChain Load(ReadOnlySpan<byte> bytes, out byte[] algorithm)
    {
        AlgorithmState state = AlgorithmState.Parse(bytes, StateName);
        long[] lengths = state.Read<long>("bytes");
        string[] blobs = Encoding.ASCII.GetString(state.Bytes("blobs")).Split(' ');
        if (lengths.Length == 0 || blobs.Length != (2 * lengths.Length) - 1)
        {
            throw new InvalidDataException($"The state of the down-link has {lengths.Length} lengths and {blobs.Length} blobs.");
        }

        algorithm = state.Has("inner") ? state.Bytes("inner").ToArray() : [];
        return new BroadcastChain(
            blobs[0],
            lengths[0],
            [.. lengths.Skip(1).Select((length, i) => new BroadcastLink(blobs[1 + (2 * i)], blobs[2 + (2 * i)], length))]);
    }
}
