using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Federated.Coordination.Algorithms;

/// <summary>
/// The bytes in which a server half keeps its state with a model version: named parts, little-endian.
/// <code>
/// offset  size  what
///      0     4  magic "FSAL"
///      4     2  layout version, 1
///      6     2  number of parts
///      8    16  name of the algorithm, ASCII, filled up with zeros
///     then for each part:
///           16  its name, ASCII, filled up with zeros
///            8  its length n in bytes, int64
///            n  its bytes
///    end     8  XxHash3 (64 bits, seed 0) of all bytes before
/// </code>
/// </summary>
internal sealed class AlgorithmState(string algorithm)
{
    private const ushort Version = 1;
    private const int NameBytes = 16;
    private const int HeaderBytes = 8 + NameBytes;

    // A sum in float64, two vectors of moments, and what is small.
    private const int VectorsBeside = 5;

    private readonly List<(string Name, byte[] Bytes)> _parts = [];

    private static ReadOnlySpan<byte> Magic => "FSAL"u8;

    /// <summary>Float32 vectors that a state can have of so many elements, beside the sum and the moments that a half keeps along: one state is one array of bytes.</summary>
    public static long MostVectors(long length) => Math.Max(0, (Array.MaxLength / (sizeof(float) * Math.Max(1, length))) - VectorsBeside);

    /// <summary>Whether there is nothing to keep.</summary>
    public bool IsEmpty => _parts.Count == 0;

    /// <summary>Adds a part; its name has at most 16 characters.</summary>
    public void Add<T>(string name, ReadOnlySpan<T> values)
        where T : unmanaged => _parts.Add((name, MemoryMarshal.AsBytes(values).ToArray()));

    /// <summary>Whether there is a part of the name.</summary>
    public bool Has(string name) => _parts.Exists(part => part.Name == name);

    /// <summary>The bytes of a part.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public ReadOnlySpan<byte> Bytes(string name) => Has(name)
        ? _parts.Find(part => part.Name == name).Bytes
        : throw new InvalidDataException($"The state of '{algorithm}' has no part '{name}'.");

    /// <summary>Fills a vector from a part of its size.</summary>
    /// <exception cref="InvalidDataException">There is none, or it has another size.</exception>
    public void Read<T>(string name, Span<T> destination)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = Bytes(name);
        Span<byte> target = MemoryMarshal.AsBytes(destination);
        if (bytes.Length != target.Length)
        {
            throw new InvalidDataException($"Part '{name}' of the state of '{algorithm}' has {bytes.Length} bytes; this job needs {target.Length}.");
        }

        bytes.CopyTo(target);
    }

    /// <summary>A part of any size.</summary>
    /// <exception cref="InvalidDataException">There is none, or its size is not a multiple of the element's.</exception>
    public T[] Read<T>(string name)
        where T : unmanaged
    {
        var values = new T[Bytes(name).Length / Marshal.SizeOf<T>()];
        Read<T>(name, values);
        return values;
    }

    public byte[] ToBytes()
    {
        byte[] state = new byte[HeaderBytes + _parts.Sum(part => NameBytes + sizeof(long) + part.Bytes.Length) + sizeof(ulong)];
        Magic.CopyTo(state);
        BinaryPrimitives.WriteUInt16LittleEndian(state.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(state.AsSpan(6), (ushort)_parts.Count);
        Encoding.ASCII.GetBytes(algorithm, state.AsSpan(8, NameBytes));
        int offset = HeaderBytes;
        foreach ((string name, byte[] bytes) in _parts)
        {
            Encoding.ASCII.GetBytes(name, state.AsSpan(offset, NameBytes));
            BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(offset + NameBytes), bytes.Length);
            offset += NameBytes + sizeof(long);
            bytes.CopyTo(state.AsSpan(offset));
            offset += bytes.Length;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(offset), XxHash3.HashToUInt64(state.AsSpan(0, offset)));
        return state;
    }

    /// <exception cref="InvalidDataException">The bytes are something else, another algorithm's, or damaged.</exception>
    public static AlgorithmState Parse(ReadOnlySpan<byte> state, string algorithm)
    {
        if (state.Length < HeaderBytes + sizeof(ulong) || !state.StartsWith(Magic))
        {
            throw new InvalidDataException($"The {state.Length} bytes are no state of an algorithm: they do not begin with FSAL.");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(state[4..]) is ushort version && version != Version)
        {
            throw new InvalidDataException($"The algorithm's state has layout version {version}; this build reads {Version}.");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(state[^sizeof(ulong)..]) != XxHash3.HashToUInt64(state[..^sizeof(ulong)]))
        {
            throw new InvalidDataException("The checksum of the algorithm's state does not match: its bytes are damaged.");
        }

        string found = NameAt(state[8..]);
        if (found != algorithm)
        {
            throw new InvalidDataException($"The state belongs to algorithm '{found}', not to '{algorithm}'.");
        }

        var result = new AlgorithmState(algorithm);
        ReadOnlySpan<byte> rest = state[HeaderBytes..^sizeof(ulong)];
        for (int i = BinaryPrimitives.ReadUInt16LittleEndian(state[6..]); i > 0; i--)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(rest[NameBytes..]);
            result.Add<byte>(NameAt(rest), rest.Slice(NameBytes + sizeof(long), length));
            rest = rest[(NameBytes + sizeof(long) + length)..];
        }

        return result;
    }

    private static string NameAt(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes[..NameBytes]).TrimEnd('\0');
}
